"""Downloading a model from Studio, or finding it in the cache."""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from .._http.hosts import Hosts
from .._http.retries import Retries
from ..authoring.options import read_seconds
from ..credentials import Credentials, find_credentials
from ..credentials.finding import PROJECT_VARIABLE, project_id_of
from ..errors import InvalidInputError, ModelNotFoundError
from .cache import ModelCache
from .copies import copy_model
from .entries import CachedModel
from .progress import OnProgress, say_nothing
from .requested import OFFLINE_VARIABLE, Request, make_request, wishes_offline

if TYPE_CHECKING:
    from .._http.secrets import Secret

__all__ = ["DownloadedModel", "download"]

_log = logging.getLogger(__name__)
_SECONDS_TO_PROBE = 20.0
_RETRIES = Retries()
_FEW_RETRIES = Retries(attempts=4, base=0.3)  # a second or so


class DownloadedModel(msgspec.Struct, frozen=True):
    """A model from Studio, on the disk: a path, which ``EdgeImpulseModel`` opens.

    ``variant`` is empty for a model without a network. ``was_cached`` tells whether it was there
    before.
    """

    path: Path
    project_id: int
    impulse_id: int
    version: int
    variant: str
    engine: str
    target: str
    form: str
    was_cached: bool

    def __fspath__(self) -> str:
        """Where it is, for all that takes a path."""
        return str(self.path)


def download(
    project: int | str | None = None,
    *,
    api_key: str | Secret | None = None,
    api_key_file: str | os.PathLike[str] | None = None,
    impulse: int | str | None = None,
    variant: str | None = None,
    engine: str | None = None,
    target: str | None = None,
    version: int | None = None,
    form: str = "auto",
    backend: str | None = None,
    folder: str | os.PathLike[str] | None = None,
    refresh: bool = False,
    offline: bool = False,
    timeout: float = 1800.0,
    on_progress: OnProgress | None = None,
) -> DownloadedModel:
    """Get a model from a project in Studio, building it there if need be.

    What is left open is chosen: the project of the key, its default impulse, the form that the
    installed backends run best, the target that fits this machine, the variant that the project is
    measured by. A build that is there is used; a model that is in the cache is not downloaded
    again, and is used with a warning where Studio cannot be reached.

    Args:
        project: the id of the project; else ``EI_PROJECT_ID``, else that of the key.
        api_key: the key; else ``api_key_file``, ``EI_API_KEY`` or that of ``ei-runner login``.
        api_key_file: a file that holds nothing but the key.
        impulse: its id or name.
        variant: ``"int8"``, ``"float32"`` or another one that the impulse has.
        engine: such as ``"tflite"`` or ``"tflite-eon"``; else ``EI_ENGINE``. A C++ library is
            built with ``tflite`` where nothing is said, so that any engine can run its network.
        target: what to build for, such as ``"runner-linux-aarch64"``.
        version: the number of a build. One that is in the cache is found without a network.
        form: ``"library"`` (a C++ library, unpacked), ``"eim"``, ``"bundle"`` or ``"auto"``.
        backend: which backend shall run it, to choose the form; else ``EI_BACKEND``.
        folder: where to put a copy, made if missing; a path that ends in ``.eim`` names the
            program itself. ``None`` leaves the model in the cache alone.
        refresh: whether to build anew, even if nothing has changed.
        offline: whether only the cache may be looked at, as with ``EI_RUNNER_OFFLINE``.
        timeout: how long it may take in all, in seconds; a build that is not done by then is
            cancelled.
        on_progress: called with each step, from this thread.

    Raises:
        StudioError: Studio refused or failed, a build failed, or the cache cannot be written.
        DeadlineError: it took too long.
        InvalidInputError: there is no key, or what is asked for does not go together.
        ModelNotFoundError: the cache holds no such model, and Studio may not be asked.
        ModelFormatError: what Studio sent is damaged or not safe to unpack.
        BackendNotFoundError, BackendUnavailableError: nothing is installed for such a model.
    """
    deadline = time.monotonic() + _seconds(timeout)
    is_offline = offline or wishes_offline()
    request = make_request(
        impulse=impulse, variant=variant, engine=engine, target=target, version=version,
        form=form, backend=backend, refresh=refresh, offline=is_offline,
    )  # fmt: skip
    order = _Order(
        request, ModelCache.find(), Hosts.find().studio, deadline, on_progress or say_nothing
    )
    credentials = _credentials_if_any(api_key, api_key_file, project)
    known = _named_project(project) if credentials is None else credentials.project_id
    found = _from_cache(order, known, is_offline)
    if found is None:
        found = _from_studio(order, credentials or find_credentials(api_key, api_key_file, project))
    model, was_cached = found
    order.cache.touch(model)
    path = model.path if folder is None else copy_model(model, Path(folder))
    about = model.manifest
    return DownloadedModel(
        path, about.project_id, about.impulse_id, about.version, about.variant, about.engine,
        about.target, about.form, was_cached,
    )  # fmt: skip


def _seconds(timeout: float) -> float:
    try:
        return read_seconds(timeout)
    except ValueError as error:
        raise InvalidInputError(f"timeout is {timeout!r}, expected {error}") from None


class _Order(msgspec.Struct, frozen=True):
    """What is wanted, from where and until when."""

    request: Request
    cache: ModelCache
    studio_url: str
    deadline: float
    on_progress: OnProgress

    @property
    def host(self) -> str:
        parts = urlsplit(self.studio_url)
        return f"{parts.netloc}{parts.path.removesuffix('/v1')}"


def _credentials_if_any(
    api_key: str | Secret | None,
    api_key_file: str | os.PathLike[str] | None,
    project: int | str | None,
) -> Credentials | None:
    """The key, which what is kept can do without."""
    try:
        return find_credentials(api_key, api_key_file, project)
    except InvalidInputError:
        return None


def _from_cache(
    order: _Order, known: int | None, is_offline: bool
) -> tuple[CachedModel, bool] | None:
    """What can be had without asking Studio: a version that is kept, or all there is offline."""
    if order.request.version is not None and known is not None:
        kept = _newest(order, known)
        if kept is not None:
            return kept, True
    if not is_offline:
        return None
    kept = _newest(order, _only_project(order) if known is None else known)
    if kept is None:
        raise ModelNotFoundError(
            f"no fitting model{f' of project {known}' if known else ''} is in the cache "
            f"{order.cache.root}, and offline ({OFFLINE_VARIABLE}) forbids to ask Studio; download "
            "it once with a network (see what is there with: ei-runner models)"
        )
    return kept, True


def _named_project(project: int | str | None) -> int | None:
    """The project that is named by the argument or the environment."""
    if project is not None:
        return project_id_of(project, "project")
    text = os.environ.get(PROJECT_VARIABLE, "").strip()
    return project_id_of(text, PROJECT_VARIABLE) if text else None


def _only_project(order: _Order) -> int | None:
    """The project of all that is kept from this Studio, if it is one."""
    kept = [m.manifest for m in order.cache.models() if m.manifest.host == order.host]
    projects = {manifest.project_id for manifest in kept}
    if len(projects) > 1:
        raise ModelNotFoundError(
            f"the cache holds models of {len(projects)} projects "
            f"({', '.join(map(str, sorted(projects)))}); name one with project= (-p) or "
            f"{PROJECT_VARIABLE}"
        )
    return next(iter(projects), None)


def _newest(order: _Order, project: int | None) -> CachedModel | None:
    if project is None:
        return None
    wishes = order.request.wishes(order.host, project)
    return next(filter(None, map(order.cache.newest, wishes)), None)


def _from_studio(order: _Order, credentials: Credentials) -> tuple[CachedModel, bool]:
    """What is newest in Studio, or the version that is asked for; requests is not needed before."""
    from .api import Studio
    from .fetching import fetch
    from .planning import plan_newest, plan_version

    known = credentials.project_id
    kept = None if order.request.refresh else _kept_for_outage(order, known)
    if kept is not None and (problem := _problem(order, credentials)):
        _log.warning(
            "Studio cannot be reached (%s): using version %d of project %d from the cache",
            problem, kept.manifest.version, kept.manifest.project_id,
        )  # fmt: skip
        return kept, True
    with Studio(
        order.studio_url, credentials.api_key, deadline=order.deadline, retries=_RETRIES
    ) as studio:
        project = studio.own_project() if known is None else known
        version = order.request.version
        if version is None:
            plan = plan_newest(order.request, studio, project)
        else:
            plan = plan_version(order.request, studio, project, version)
        return fetch(
            studio, plan, order.cache, order.host, version, order.on_progress,
            refresh=order.request.refresh,
        )  # fmt: skip


def _kept_for_outage(order: _Order, project: int | None) -> CachedModel | None:
    """What would be used if Studio cannot be reached."""
    try:
        return _newest(order, _only_project(order) if project is None else project)
    except ModelNotFoundError:  # Studio has to say which project it is
        return None


def _problem(order: _Order, credentials: Credentials) -> str:
    """Why Studio cannot be reached; asked briefly, as there is something else to use."""
    from .api import Studio

    deadline = min(order.deadline, time.monotonic() + _SECONDS_TO_PROBE)
    key = credentials.api_key
    with Studio(order.studio_url, key, deadline=deadline, retries=_FEW_RETRIES) as studio:
        return studio.problem()
