"""From a plan to a model in the cache: reuse, build, download, check, keep."""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from pathlib import Path

from msgspec.structs import replace

from ..errors import EdgeImpulseError, StudioError
from .api import Studio
from .builds import watch
from .cache import ModelCache, measure, remove
from .choices import Plan
from .content import stage
from .entries import CachedModel, Manifest, Wish
from .progress import OnProgress, Progress
from .transfer import Download, Source

__all__ = ["fetch"]

_log = logging.getLogger(__name__)


def fetch(
    studio: Studio,
    plan: Plan,
    cache: ModelCache,
    host: str,
    version: int | None,
    on_progress: OnProgress,
    *,
    refresh: bool,
) -> tuple[CachedModel, bool]:
    """Find a model in the cache, or bring it there.

    Args:
        studio: whose deadline is the end of it all.
        plan: what is wanted.
        cache: where it is kept.
        host: the name of the Studio in the cache.
        version: the build that must be it; ``None`` is the newest one, or a new one if there is
            none.
        on_progress: called with each step.
        refresh: whether to build anew.

    Returns:
        The model, and whether it was there before.

    Raises:
        StudioError, DeadlineError, ModelFormatError: as of :func:`ei_runner_core.studio.download`.
    """
    known = version
    if known is None and not refresh:
        plan, known = _with_build(studio, plan)
    if known is not None and (kept := cache.newest(_wish(plan, host, known))):
        _tell_of_changes(studio, plan, known, version)
        return kept, True
    cache.sweep()
    with cache.workplace(_name(plan, host), studio.deadline) as place:
        if known is None and not refresh:  # another process may have built it meanwhile
            plan, known = _with_build(studio, plan)
        if known is not None and (kept := cache.newest(_wish(plan, host, known))):
            return kept, True
        if known is None:
            known = _build(studio, plan, on_progress)
        else:
            _tell_of_changes(studio, plan, known, version)
        is_pinned = version is not None
        model = _bring(studio, plan, cache, host, known, place, on_progress, is_pinned=is_pinned)
        return model, False


def _name(plan: Plan, host: str) -> tuple[object, ...]:
    """What tells this model from others, the same for each of its versions."""
    choices = plan.target, plan.form, plan.engine, plan.variant
    return host, plan.project, plan.impulse.id, *choices


def _wish(plan: Plan, host: str, version: int) -> Wish:
    return Wish(
        host=host, project_id=plan.project, impulse=plan.impulse.id, version=version,
        engine=plan.engine, variant=plan.variant, target=plan.target, form=plan.form,
    )  # fmt: skip


def _with_build(studio: Studio, plan: Plan) -> tuple[Plan, int | None]:
    """The plan with the variant of which there is a build, and the version of that."""
    for variant in (plan.variant, *plan.others):
        version = studio.built_version(
            plan.project, plan.impulse.id, target=plan.target, engine=plan.engine, variant=variant
        )
        if version is not None:
            return replace(plan, variant=variant, others=()), version
    return plan, None


def _tell_of_changes(studio: Studio, plan: Plan, version: int, asked: int | None) -> None:
    """Say so where the newest build is older than the impulse; it may be meant all the same."""
    if asked is not None:
        return
    with suppress(StudioError):  # nothing depends on it
        if studio.deployment(plan.project, version).impulse_has_changed_since_deployment:
            _log.warning(
                "the impulse %r of project %d has changed since version %d was built: build anew "
                "with refresh=True (--refresh)", plan.impulse.name, plan.project, version,
            )  # fmt: skip


def _build(studio: Studio, plan: Plan, on_progress: OnProgress) -> int:
    what = " ".join(filter(None, (plan.target, plan.engine, plan.variant)))
    on_progress(Progress("build", f"building {what} of project {plan.project}"))
    build = studio.start_build(
        plan.project, plan.impulse.id, target=plan.target, engine=plan.engine, variant=plan.variant
    )
    watch(studio, plan.project, build, lambda line: on_progress(Progress("log", line)))
    if build.deployment_version is not None:
        return build.deployment_version
    version = studio.built_version(
        plan.project, plan.impulse.id, target=plan.target, engine=plan.engine, variant=plan.variant
    )
    if version is None:
        raise StudioError(
            f"the build job {build.id} of project {plan.project} ended, but Studio has no build of "
            f"{plan.target}; look into the project, and try again"
        )
    return version


def _bring(
    studio: Studio,
    plan: Plan,
    cache: ModelCache,
    host: str,
    version: int,
    place: Path,
    on_progress: OnProgress,
    *,
    is_pinned: bool,
) -> CachedModel:
    def on_bytes(done: int, total: int | None) -> None:
        on_progress(Progress("download", f"version {version}", done, total))

    download = Download(studio, _source(plan, version, is_pinned=is_pinned), place, on_bytes)
    staged = place / "staged"
    with cache.writing():
        try:
            file = download.run()
            on_progress(Progress("unpack", f"version {version}"))
            what = f"version {version} of project {plan.project}"
            content = stage(file, plan.form, staged, what, plan.target)
            model = cache.keep(_manifest(plan, host, version, staged, content), staged)
        except OSError as error:
            if not isinstance(error, EdgeImpulseError):  # no room: do not keep it occupied
                download.forget()
            raise
        except BaseException as error:
            if isinstance(error, EdgeImpulseError) and download.is_done:
                download.forget()
            raise
        else:
            download.forget()
        finally:
            remove(staged)
    return model


def _source(plan: Plan, version: int, *, is_pinned: bool) -> Source:
    """The download of a version; older installations of Studio only have that of the newest.

    That is no replacement for a version that is asked for.
    """
    query = {
        "type": plan.target,
        "modelType": plan.variant or None,
        "engine": plan.engine,
        "impulseId": plan.impulse.id,
    }
    older = Source(f"/api/{plan.project}/deployment/download", query)
    path = f"/api/{plan.project}/deployment/history/{version}/download"
    return Source(path, is_fixed=True, otherwise=None if is_pinned else older)


def _manifest(plan: Plan, host: str, version: int, staged: Path, content: str) -> Manifest:
    size, files = measure(staged / content)
    return Manifest(
        host=host, project_id=plan.project, impulse_id=plan.impulse.id, version=version,
        engine=plan.engine, variant=plan.variant, target=plan.target, form=plan.form,
        content=content, impulse_name=plan.impulse.name, is_default=plan.is_default, size=size,
        files=files, created=time.time(),
    )  # fmt: skip
