"""What is compiled and linked for an export: decided here, done by the pipeline."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ei_runner_core import BuildError

from .contradictions import refuse_contradictions
from .flags.all import all_parts
from .flags.parts import SHIM, Context, Need
from .networks import choose_network
from .options import BuildOptions
from .sources import matching
from .targets import Target, choose_target
from .toolchain import Toolchain, find_toolchain, usual_toolchain

if TYPE_CHECKING:
    from .export import Export

__all__ = ["BuildPlan", "make_plan", "refuse_missing"]

_SDK = "edge-impulse-sdk/"
_T = TypeVar("_T")
_OWN = ("ei_runner.cpp", "porting.cpp")


@dataclass(frozen=True)
class BuildPlan:
    """How an export becomes a library.

    Compilers run in ``export.root``; paths are relative to it, or absolute. Flags are whole
    arguments in their order: ``own_flags`` are for ``own``, ``sdk_flags`` for all others. ``own``,
    ``model`` and ``extra`` are always compiled; of ``candidates`` those that the link asks for.
    ``link`` stands behind the objects. ``libraries`` have to lie beside the result. ``needs`` have
    to be there for the build, not for the plan.
    """

    export: Export
    target: Target
    network: str
    toolchain: Toolchain
    defines: tuple[str, ...]
    includes: tuple[str, ...]
    own_flags: tuple[str, ...]
    sdk_flags: tuple[str, ...]
    common_flags: tuple[str, ...]
    c_flags: tuple[str, ...]
    cxx_flags: tuple[str, ...]
    own: tuple[Path, ...]
    model: tuple[Path, ...]
    extra: tuple[Path, ...]
    candidates: tuple[Path, ...]
    patterns: tuple[str, ...]
    link: tuple[str, ...]
    libraries: tuple[Path, ...]
    needs: tuple[Need, ...]
    notes: tuple[str, ...]


def make_plan(
    export: Export,
    options: BuildOptions,
    *,
    installed: Collection[str],
    toolchain: Toolchain | None = None,
) -> BuildPlan:
    """Plan the build of an export.

    A compiler or an SDK of a vendor that is not there does not matter here, so that every plan
    can be looked at anywhere: :func:`refuse_missing` tells before a build.

    Args:
        export: what is compiled.
        options: how.
        installed: names of the tensor backends that can run a network on this machine.
        toolchain: the compiler; None looks for one.

    Raises:
        InvalidInputError: the options contradict each other or do not fit the export.
    """
    refuse_contradictions(options)
    target = choose_target(options)
    network = choose_network(export, options, target, installed)
    toolchain = toolchain or _toolchain(options, target)
    context = Context(export, options, target, toolchain, network)
    parts = all_parts(context)
    patterns = _joined(part.candidates for part in parts)
    return BuildPlan(
        export=export,
        target=target,
        network=network,
        toolchain=toolchain,
        defines=_joined(part.defines for part in parts),
        includes=_joined(part.includes for part in parts),
        own_flags=_joined(part.own_flags for part in parts),
        sdk_flags=_joined(part.sdk_flags for part in parts),
        common_flags=_joined(part.common_flags for part in parts),
        c_flags=_joined(part.c_flags for part in parts),
        cxx_flags=_joined(part.cxx_flags for part in parts),
        own=tuple(SHIM / name for name in _OWN),
        model=_places(export, matching(export.files, ("tflite-model/*",))),
        extra=_places(export, _joined(part.extra for part in parts)),
        candidates=_places(export, matching(export.files, patterns)),
        patterns=patterns,
        link=tuple(chain.from_iterable(part.link for part in parts)),  # order and repeats count
        libraries=_joined(part.libraries for part in parts),
        needs=_joined(part.needs for part in parts),
        notes=_joined(part.notes for part in parts),
    )


def refuse_missing(plan: BuildPlan) -> None:
    """Check that everything is there that a build takes.

    Raises:
        BuildError: a compiler, or a file or folder of ``needs`` is missing.
    """
    if plan.toolchain.problem:
        raise BuildError(plan.toolchain.problem)
    for need in plan.needs:
        if not need.is_there:
            raise BuildError(f"{need.path} is missing: {need.why}")


def _toolchain(options: BuildOptions, target: Target) -> Toolchain:
    try:
        return find_toolchain(options, target)
    except BuildError as error:
        return usual_toolchain(target, str(error))


def _joined(groups: Iterable[tuple[_T, ...]]) -> tuple[_T, ...]:
    """What all parts name, each once, in order."""
    return tuple(dict.fromkeys(chain.from_iterable(groups)))


def _places(export: Export, names: Iterable[str]) -> tuple[Path, ...]:
    """Where sources are, as the compilers are told: relative in the export."""
    if export.sdk == export.root / "edge-impulse-sdk":
        return tuple(map(Path, names))
    places = ((name, export.path(name)) for name in names)
    return tuple(place if name.startswith(_SDK) else Path(name) for name, place in places)
