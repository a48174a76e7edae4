"""From the path of an export to its library: read, plan, build."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ei_runner_core import BuildError
from ei_runner_core.authoring import installed_tensor_backends

from .cache import Cache
from .export import read_export
from .options import BuildOptions
from .pipeline import BuiltLibrary, build
from .plan import BuildPlan, make_plan

if TYPE_CHECKING:
    from .progress import Progress

_log = logging.getLogger(__name__)

__all__ = ["BuiltExport", "build_export", "plan_export"]


@dataclass(frozen=True)
class BuiltExport:
    """An export with its plan and the library that was made of it."""

    plan: BuildPlan
    library: BuiltLibrary

    @property
    def backend(self) -> str | None:
        """The tensor backend that the library asks for, to run its network."""
        return None if self.plan.network in ("compiled", "linked") else self.plan.network


def plan_export(path: Path, options: BuildOptions, cache: Cache) -> BuildPlan:
    """Plan the build of an export.

    Raises:
        ModelFormatError: it is damaged.
        BuildError: its SDK is missing.
        InvalidInputError: options contradict each other, or do not fit the export.
    """
    export = read_export(path, sdk=options.sdk, cache=cache)
    return make_plan(export, options, installed=installed_tensor_backends())


def build_export(
    path: Path, options: BuildOptions, *, progress: Progress | None = None
) -> BuiltExport:
    """Build an export, or find what was built from the same before (but for ``force_rebuild``).

    Raises:
        BuildError: it cannot be built.
        DeadlineError: it took longer than it may.
        EdgeImpulseError: as :func:`plan_export`.
    """
    cache = Cache.find()
    plan = plan_export(path, options, cache)
    try:
        return _built(plan, options, cache, progress)
    except BuildError as error:
        if not _may_compile_instead(plan, options):
            raise
        _log.warning("%s; its network is compiled into the library instead", error)
    compiled = replace(options, network="compiled")
    return _built(plan_export(path, compiled, cache), compiled, cache, progress)


def _built(
    plan: BuildPlan, options: BuildOptions, cache: Cache, progress: Progress | None
) -> BuiltExport:
    library = build(
        plan.export,
        plan,
        cache=cache,
        progress=progress,
        jobs=options.jobs,
        timeout=options.build_timeout,
        rebuild=options.force_rebuild,
    )
    return BuiltExport(plan, library)


def _may_compile_instead(plan: BuildPlan, options: BuildOptions) -> bool:
    """Whether a backend runs the network by our choice: some exports lack what that takes."""
    is_ours = options.network is None and options.use_full_tflite is None
    return is_ours and plan.network not in ("compiled", "linked") and not plan.toolchain.problem
