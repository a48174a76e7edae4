"""Choosing what to download, as far as the user leaves it open."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec

from ..errors import InvalidInputError, StudioError
from .forms import LIBRARY_TARGET
from .records import ModelVariant, ProjectImpulse, Target

__all__ = ["Plan", "choose_engine", "choose_impulse", "choose_target", "rank_variants"]

PLAIN_ENGINE = "tflite"
PREFERRED_VARIANT = "int8"


class Plan(msgspec.Struct, frozen=True):
    """What to download.

    ``variant`` is empty for a model without a network. ``others`` are the variants that would do as
    well where a build of them is there already.
    """

    project: int
    impulse: ProjectImpulse
    is_default: bool
    target: str
    form: str
    engine: str
    variant: str
    others: tuple[str, ...] = ()


def choose_impulse(
    wanted: int | str | None,
    impulses: Sequence[ProjectImpulse],
    project: int,
    default_id: Callable[[], int | None],
) -> tuple[ProjectImpulse, bool]:
    """The impulse of that id or name; of several without a wish, the project's default one.

    Returns:
        The impulse, and whether it is the one that is meant when none is named.

    Raises:
        StudioError: there is none, none of that id or name, or no default.
    """
    if not impulses:
        raise StudioError(f"project {project} has no impulse; design one in Studio and train it")
    default = impulses[0] if len(impulses) == 1 else _by_id(default_id(), impulses)
    if wanted is None:
        if default is None:
            raise StudioError(
                f"project {project} has {len(impulses)} impulses and no default one; name one "
                f"with impulse= (--impulse): {_listing(impulses)}"
            )
        return default, True
    named = [impulse for impulse in impulses if impulse.name == wanted]
    chosen = _by_id(wanted, impulses) or (named[0] if len(named) == 1 else None)
    if chosen is None:
        problem = f"{len(named)} impulses named" if named else "no impulse"
        raise StudioError(
            f"project {project} has {problem} {wanted!r}; it has {_listing(impulses)}"
        )
    return chosen, chosen == default


def _by_id(wanted: int | str | None, impulses: Iterable[ProjectImpulse]) -> ProjectImpulse | None:
    fitting = (i for i in impulses if wanted is not None and str(i.id) == str(wanted))
    return next(fitting, None)


def _listing(impulses: Iterable[ProjectImpulse]) -> str:
    return ", ".join(f"{impulse.id} ({impulse.name!r})" for impulse in impulses)


def choose_target(
    wanted: str | None, forms: Sequence[str], offered: Sequence[Target], runnable: Sequence[str]
) -> tuple[str, Target]:
    """The target to build for, with the form that its builds get.

    Args:
        wanted: the format of the target that the user names.
        forms: the forms that would do, the best first.
        offered: what the project can be built for.
        runnable: the formats of the programs that this machine runs, the best first.

    Raises:
        StudioError: the project cannot be built for what is wanted.
    """
    by_format = {target.format: target for target in offered}
    reasons = []
    for form in forms:
        formats = [wanted] if wanted else list(runnable) if form == "eim" else [LIBRARY_TARGET]
        for name in formats:
            target = by_format.get(name)
            if target is not None and not target.disabled_for_project:
                return form, target
            reasons.append(_why_not(name, target))
        if not formats:
            reasons.append("there is no .eim for this platform")
    names = ", ".join(target.format for target in offered if not target.disabled_for_project)
    raise StudioError(
        f"the project cannot be built for this: {'; '.join(dict.fromkeys(reasons))}; it offers "
        f"{names or 'nothing'}: name one with target= (--target)"
    )


def _why_not(name: str, target: Target | None) -> str:
    if target is None:
        return f"it does not offer {name!r}"
    return f"{name!r} is switched off ({target.reason_target_disabled or 'for no given reason'})"


def choose_engine(
    wanted: str | None, from_environment: str, form: str, target: Target, needs_network: bool
) -> str:
    """The engine of a build.

    A C++ library is built with plain TensorFlow Lite where nothing else is asked for: it holds the
    network as a file, so that every engine can run it with the same answers, and what links full
    TensorFlow Lite can be compiled. A bundle is made of such a library. Programs get what Studio
    prefers for their target.

    Args:
        wanted: what the user asks for.
        from_environment: the value of ``EI_ENGINE``; bundles pass over it.
        form: what it is for.
        target: what the engine is one of.
        needs_network: whether full TensorFlow Lite is to be linked (``USE_FULL_TFLITE``).

    Raises:
        InvalidInputError: the target or the form does not go with the engine.
    """
    if form == "bundle":
        if wanted not in (None, PLAIN_ENGINE):
            raise InvalidInputError(
                f"a bundle cannot be made with the engine {wanted!r}: its builds hold no network; "
                f"leave engine= (--engine) out"
            )
        return _offered(PLAIN_ENGINE, target)
    engine = wanted or from_environment
    if form == "library" and needs_network and engine not in ("", PLAIN_ENGINE):
        raise InvalidInputError(
            f"the engine {engine!r} and USE_FULL_TFLITE exclude each other: a build for "
            f"{engine} has nothing for full TensorFlow Lite to run; leave one of them out"
        )
    if engine:
        return _offered(engine, target)
    if form == "library" and PLAIN_ENGINE in target.supported_engines:
        return PLAIN_ENGINE
    return target.preferred_engine or next(iter(target.supported_engines), PLAIN_ENGINE)


def _offered(engine: str, target: Target) -> str:
    if target.supported_engines and engine not in target.supported_engines:
        raise InvalidInputError(
            f"the target {target.format!r} has no engine {engine!r}; it has "
            f"{', '.join(target.supported_engines)}"
        )
    return engine


def rank_variants(
    wanted: str | None, variants: Sequence[ModelVariant], target: Target
) -> tuple[str, ...]:
    """The variants of the networks that would do, the best first; none for an impulse without any.

    Without a wish the one that the project is measured by comes first, then the one that was last
    looked at, then ``int8``.

    Raises:
        InvalidInputError: the impulse has no such variant, or the target takes none of them.
    """
    refused = {v.variant for v in target.model_variants if not v.supported}
    usable = [v for v in variants if v.variant not in refused]
    names = [v.variant for v in usable]
    if wanted is not None and wanted not in names:
        raise InvalidInputError(
            f"there is no variant {wanted!r} for the target {target.format!r}; there is "
            f"{', '.join(names) or 'none'}"
        )
    if wanted is not None:
        return (wanted,)
    if variants and not usable:
        raise InvalidInputError(
            f"the target {target.format!r} takes none of the variants of the impulse: "
            f"{', '.join(v.variant for v in variants)}; name another target"
        )
    return tuple(v.variant for v in sorted(usable, key=_rank))


def _rank(variant: ModelVariant) -> tuple[bool, ...]:
    is_usual = variant.variant == PREFERRED_VARIANT
    return (
        not variant.is_reference_variant,
        not variant.is_selected,
        not variant.is_enabled,
        not is_usual,
    )
