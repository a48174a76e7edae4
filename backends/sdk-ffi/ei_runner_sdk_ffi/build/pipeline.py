"""From a plan to a library: what is cached is taken, what is needed is compiled."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ei_runner_core import BuildError

from .cache import Cache
from .commands import Commands
from .contents import Contents
from .export import check_unchanged
from .libraries import LOG, BuiltLibrary, find_library, keep_library, locked

if TYPE_CHECKING:
    from .export import Export
    from .making import Making
    from .plan import BuildPlan
    from .progress import Progress

__all__ = ["BuiltLibrary", "build"]


def build(
    export: Export,
    plan: BuildPlan,
    *,
    cache: Cache,
    progress: Progress | None = None,
    jobs: int | None = None,
    timeout: float = 1800.0,
    rebuild: bool = False,
) -> BuiltLibrary:
    """Compile an export, or find the library that was built from the same before.

    Args:
        export: what is compiled.
        plan: how.
        cache: where libraries and objects are kept.
        progress: who is told how far it is; by default a bar in a terminal, else the log.
        jobs: compilers at once; by default as many as processors and memory allow.
        timeout: seconds that the build may take, waiting for another process included.
        rebuild: compile everything anew, whatever was built before.

    Raises:
        BuildError: it cannot be compiled or linked, something that it needs is missing, or the
            cache has no room.
        DeadlineError: it took longer than it may.
    """
    started = time.monotonic()
    contents = Contents(export, cache)
    commands = Commands(plan, contents)
    key = commands.library_key()
    if not rebuild and (found := find_library(cache, key, started)):
        return found
    deadline = started + timeout
    with locked(cache, key, deadline):
        if not rebuild and (found := find_library(cache, key, started)):  # of another process
            return found
        return _build(plan, commands, cache, key, progress, jobs, started, deadline, rebuild)


def _build(
    plan: BuildPlan,
    commands: Commands,
    cache: Cache,
    key: str,
    progress: Progress | None,
    jobs: int | None,
    started: float,
    deadline: float,
    rebuild: bool,
) -> BuiltLibrary:
    from .compiling import Compilers, job_count
    from .diagnosis import diagnose
    from .making import FailedError, Making
    from .plan import refuse_missing
    from .progress import usual_progress

    refuse_missing(plan)
    with cache.workplace() as workplace:
        result, objects, temporary = _folders(workplace, cache)
        environment = {**os.environ, "TMPDIR": str(temporary), "LC_ALL": "C"}
        library = result / f"model{plan.target.library_suffix}"
        with (
            progress or usual_progress() as shown,
            Compilers(job_count(jobs), plan.export.root, environment, deadline) as compilers,
        ):
            making = Making(plan, commands, cache, compilers, shown, objects, reuse=not rebuild)
            try:
                making.make(library)
            except FailedError as failed:
                log = _keep_log(cache, key, making)
                raise diagnose(failed.failure, log) from None
        cache.write(result / LOG, making.log.encode())
        facts = _facts(plan) | {"content": commands.content, "compiled": making.compiled}
        check_unchanged(plan.export)
        sha256 = keep_library(cache, key, result, library, plan.libraries, facts)
    place = cache.libraries / key
    return BuiltLibrary(
        path=place / library.name,
        sha256=sha256,
        was_cached=False,
        seconds=time.monotonic() - started,
        compiled=making.compiled,
        log=place / LOG,
        libraries=tuple(place / path.name for path in plan.libraries),
    )


def _keep_log(cache: Cache, key: str, making: Making) -> Path:
    path = cache.root / "logs" / f"{key}.log"
    with contextlib.suppress(BuildError):  # what failed matters more than that its log has no room
        cache.write(path, making.log.encode())
    return path


def _folders(workplace: Path, cache: Cache) -> tuple[Path, ...]:
    names = ("result", "objects", "temporary")
    return tuple(cache.folder(workplace / name) for name in names)


def _facts(plan: BuildPlan) -> dict[str, object]:
    """What a user may want to know about an entry of the cache."""
    return {
        "model": str(plan.export.given),
        "root": str(plan.export.root),
        "studio": plan.export.studio_version,
        "target": plan.target.name,
        "network": plan.network,
    }
