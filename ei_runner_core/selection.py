"""Choosing the backend that opens a model, and telling why it was this one."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from ._plugin_errors import blamed_on_plugin, shown, text_of
from ._plugin_filter import normal_name
from .contract import BackendSpec, ModelSource, Network, Support
from .errors import (
    BackendNotFoundError,
    EdgeImpulseError,
    InvalidInputError,
    PluginError,
    UnsupportedModelError,
)
from .plugins import PluginRow, Registry, install_hint, make_backend, registry

__all__ = [
    "Selection",
    "named_backend",
    "networks_for",
    "select_backend",
    "select_unread",
    "tensor_backends",
]

BACKEND_VARIABLE = "EI_BACKEND"
PREFERRED = ("sdk-ffi", "full-tflite", "onnx")
_ASKED = "it was asked for"
_INSTALLABLE = {
    ".tflite": ("full-tflite",),
    ".onnx": ("onnx",),
    ".tvm": ("tvm",),
    "eim": ("eim",),
    "cpp-export": ("sdk-ffi",),
    "library": ("sdk-ffi",),
}


class Selection(Struct, frozen=True):
    """The backend that was chosen, made and ready to open the model.

    ``reason`` says why it was chosen; ``considered`` lists the others that were looked at before
    or after it, each with the reason why it was not taken.
    """

    spec: BackendSpec
    backend: Any
    reason: str
    considered: tuple[tuple[str, str], ...] = ()


def select_backend(
    source: ModelSource, requested: str | None = None, plugins: Registry | None = None
) -> Selection:
    """Choose the backend for a model.

    An explicit name wins over ``EI_BACKEND``; without either, sdk-ffi is taken where it can open
    the model, then full-tflite, onnx, and the others by name. An ``.eim`` is opened by eim first.
    A backend that fails is passed over, unless it was named.

    Raises:
        InvalidInputError: the name is not a string.
        BackendNotFoundError: there is no such backend, or none of the installed ones fits.
        BackendUnavailableError: the named backend is there but cannot be used.
        PluginError: the named backend breaks the contract, or two plugins offer it.
        UnsupportedModelError: the named backend cannot open this model.
    """
    plugins = plugins or registry()
    name, why = _wish(requested)
    if name:
        return named_backend(source, name, why, plugins)
    return _first_that_fits(source, plugins)


def select_unread(source: ModelSource, requested: str | None = None) -> Selection | None:
    """Choose the backend for a C++ export that was not read, where that is not needed.

    Reading takes longer than loading what was compiled. Only networks have to be known for the
    choice; so it falls here if the one that is asked for, or comes first, runs whole exports.

    Returns:
        ``None`` if the export has to be read first.

    Raises:
        InvalidInputError, BackendNotFoundError, BackendUnavailableError, PluginError: as those of
            :func:`select_backend` for a name.
    """
    if source.kind != "cpp-export" or source.impulse is not None:
        return None
    plugins = registry()
    ranked = sorted(plugins.backends.values(), key=lambda spec: _rank(spec, source))
    may_run = (spec for spec in ranked if _may_run(spec, source))
    name, why = _wish(requested)
    spec = plugins.backend(name) if name else next(may_run, None)
    if spec is None or not _runs_whole(spec, source):
        return None
    try:
        chosen = named_backend(source, spec.name, why or _why_first(source), plugins)
    except EdgeImpulseError:
        return None  # what is wrong is told with all that is known of the model
    return chosen if name else replace(chosen, considered=_behind(spec, ranked, source))


def _behind(
    first: BackendSpec, ranked: Sequence[BackendSpec], source: ModelSource
) -> tuple[tuple[str, str], ...]:
    """Why the others do not run an export that the first one runs."""
    comes_first = f"{first.name} comes first"
    return tuple(
        (spec.name, comes_first if _may_run(spec, source) else _wrong_format(spec, source))
        for spec in ranked
        if spec is not first
    )


def _runs_whole(spec: BackendSpec, source: ModelSource) -> bool:
    return spec.kind == "impulse" and source.kind in spec.opens


def _may_run(spec: BackendSpec, source: ModelSource) -> bool:
    """Whether a backend may run an export whose networks are not known yet."""
    return spec.kind == "tensor" or _runs_whole(spec, source)


def _wish(requested: str | None) -> tuple[str, str]:
    """The name of the backend that the user wants, and how that is known; empty without a wish."""
    if requested is not None and not isinstance(requested, str):
        raise InvalidInputError(
            f"the name of a backend must be a string, got {shown(requested)}; "
            "see the names with: ei-runner backends"
        )
    if requested:
        return requested, _ASKED
    from_environment = os.environ.get(BACKEND_VARIABLE, "")
    return from_environment, f"{BACKEND_VARIABLE}={from_environment}" if from_environment else ""


def networks_for(spec: BackendSpec, source: ModelSource) -> dict[int, Network] | None:
    """For each learn block with a network the file that the backend opens; None if one has none.

    Of several the one whose format the backend names first. An impulse without any network, which
    only looks for anomalies, needs no file.
    """
    if source.impulse is None:
        return None
    chosen: dict[int, Network] = {}
    for block in source.impulse.networks:
        files = [file for file in source.networks.get(block.id, ()) if file.format in spec.opens]
        if not files:
            return None
        chosen[block.id] = min(files, key=lambda file: spec.opens.index(file.format))
    return chosen


def tensor_backends(suffix: str = "", plugins: Registry | None = None) -> tuple[str, ...]:
    """The installed backends that run networks (of this format), in the order of preference."""
    specs = (plugins or registry()).backends.values()
    names = [s.name for s in specs if s.kind == "tensor" and (not suffix or suffix in s.opens)]
    return tuple(sorted(names, key=_preference))


def named_backend(
    source: ModelSource,
    name: str,
    why: str = _ASKED,
    plugins: Registry | None = None,
) -> Selection:
    """The backend of this name for a model; errors as those of :func:`select_backend`."""
    spec = (plugins or registry()).backend(name)
    backend = make_backend(spec)
    support = _support(spec, backend, source)
    if not support:
        raise UnsupportedModelError(
            f"the backend {spec.name!r} ({why}) cannot open {source.path}: {support.reason}"
        )
    return Selection(spec, backend, why)


def _first_that_fits(source: ModelSource, plugins: Registry) -> Selection:
    chosen: Selection | None = None
    considered: list[tuple[str, str]] = []
    for spec in sorted(plugins.backends.values(), key=lambda spec: _rank(spec, source)):
        if not _may_open(spec, source):
            considered.append((spec.name, _wrong_format(spec, source)))
            continue
        if chosen is not None:
            considered.append((spec.name, f"{chosen.spec.name} comes first"))
            continue
        try:
            backend = make_backend(spec)
            support = _support(spec, backend, source)
        except EdgeImpulseError as error:
            support = Support(ok=False, reason=text_of(error))
        if support:
            chosen = Selection(spec, backend, _why_first(source))
        else:
            considered.append((spec.name, support.reason))
    if chosen is None:
        raise BackendNotFoundError(_nothing_fits(source, considered, plugins))
    return Selection(chosen.spec, chosen.backend, chosen.reason, tuple(considered))


def _rank(spec: BackendSpec, source: ModelSource) -> tuple[int, str]:
    return _preference(spec.name, ("eim", *PREFERRED) if source.kind == "eim" else PREFERRED)


def _preference(name: str, order: Sequence[str] = PREFERRED) -> tuple[int, str]:
    return (order.index(name) if name in order else len(order)), name


def _why_first(source: ModelSource) -> str:
    if source.kind == "eim":
        return "it is the first installed backend that runs .eim files"
    order = ", ".join(PREFERRED)
    return f"it is the first installed backend that can open the model (order: {order}, others)"


def _may_open(spec: BackendSpec, source: ModelSource) -> bool:
    """Whether what the spec says allows it, before anything of the backend is imported."""
    if source.kind in spec.opens or source.path.suffix.lower() in spec.opens:
        return True
    return spec.kind == "tensor" and networks_for(spec, source) is not None


def _support(spec: BackendSpec, backend: Any, source: ModelSource) -> Support:
    if not _may_open(spec, source):
        return Support(ok=False, reason=_wrong_format(spec, source))
    if spec.kind == "impulse":
        return _answer(spec, backend, source)
    for network in (networks_for(spec, source) or {}).values():
        answer = _answer(spec, backend, network)
        if not answer:
            return answer
    return Support(ok=True)


def _answer(spec: BackendSpec, backend: Any, model: ModelSource | Network) -> Support:
    breach = f"the backend {spec.name!r} breaks the contract: its supports()"
    with blamed_on_plugin(PluginError, f"{breach} failed"):
        answer = backend.supports(model)
    if not isinstance(answer, Support) or not isinstance(answer.reason, str):
        raise PluginError(f"{breach} returned {shown(answer)}, expected a Support")
    return answer


def _wrong_format(spec: BackendSpec, source: ModelSource) -> str:
    if spec.kind == "tensor" and (missing := _missing_networks(source)):
        return missing
    return f"it opens {_listing(spec.opens)}, not {_content(source)}"


def _missing_networks(source: ModelSource) -> str:
    """What to do about networks whose files are not there; empty if all are."""
    blocks = source.impulse.networks if source.impulse else ()
    missing = [block for block in blocks if not source.networks.get(block.id)]
    if not missing or source.kind != "cpp-export":
        return ""
    ids = ", ".join(str(block.id) for block in missing)
    if any(block.files for block in missing):
        names = ", ".join(name for block in missing for name in block.files)
        return (
            f"the export lacks the network of the learn block {ids} ({names}): complete it, or "
            "give the network file with network= (--network)"
        )
    return (
        f"the network of the learn block {ids} is compiled with EON, and code cannot be turned "
        "back into a network: export the model without the EON compiler, give the network file "
        "with network= (--network), or use the sdk-ffi backend"
    )


def _content(source: ModelSource) -> str:
    formats = {network.format for files in source.networks.values() for network in files}
    return _listing(tuple(sorted(formats))) if formats else _listing((source.kind,))


def _listing(names: tuple[str, ...]) -> str:
    return ", ".join(names) or "nothing"


def _nothing_fits(source: ModelSource, considered: list[tuple[str, str]], plugins: Registry) -> str:
    broken = [row for row in plugins.rows if row.is_broken_backend]
    fitting = [row for row in broken if _would_fit(row, source)]
    others = [(row.name, row.reason) for row in broken if row not in fitting]
    missing = _missing_networks(source)
    reasons = (
        (name, "it needs a network file" if reason == missing else reason)
        for name, reason in (*considered, *others)
    )
    tried = "; ".join(f"{name}: {reason}" for name, reason in reasons)
    is_incomplete = missing and "EON" not in missing
    install = "" if is_incomplete else _what_to_install(source, plugins)
    todo = "; ".join(map(_repair, fitting)) or install
    parts = (f"no installed backend opens {source.path}{f' ({tried})' if tried else ''}", missing)
    return "; ".join(filter(None, (*parts, todo)))


def _would_fit(row: PluginRow, source: ModelSource) -> bool:
    """Whether a row is of a backend for this model, if nothing but itself were in its way."""
    if row.status == "incompatible":
        return False
    if isinstance(row.spec, BackendSpec):
        return _may_open(row.spec, source)
    return normal_name(row.name) in _fitting_extras(source)


def _repair(row: PluginRow) -> str:
    verb = "unblock" if row.status == "disabled" else "mend"
    return f"{verb} {row.name!r}: {row.reason}"


def _what_to_install(source: ModelSource, plugins: Registry) -> str:
    present = {normal_name(row.name) for row in plugins.rows}
    for extra in _fitting_extras(source):
        if extra not in present:
            return install_hint(extra)
    return "see what is installed with: ei-runner backends"


def _fitting_extras(source: ModelSource) -> list[str]:
    """The extras that bring a backend for the model, in the order of preference."""
    formats = {network.format for files in source.networks.values() for network in files}
    if source.impulse is not None and not source.impulse.networks:
        formats = {".tflite", ".onnx"}  # any engine will do where there is nothing to run on it
    extras = {extra for key in (*formats, source.kind) for extra in _INSTALLABLE.get(key, ())}
    return sorted(extras, key=_preference)
