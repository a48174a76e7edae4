"""The calls of Studio that lead to a model."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any

from .._http.client import HttpClient
from .._http.errors import OutcomeUnknown
from .._http.retries import Retries
from ..errors import DeadlineError, StudioError
from .records import (
    Build,
    Deployment,
    Job,
    LastBuild,
    LogLine,
    ModelVariant,
    Project,
    ProjectImpulse,
    Target,
    read_record,
    read_records,
)

if TYPE_CHECKING:
    import requests
    from typing_extensions import Self

    from .._http.secrets import Secret

__all__ = ["Studio"]

_SILENCE = 20.0  # s that Studio may take for what it only has to look up
_LONG_SILENCE = 60.0  # s for starting a job and finding a file
_REFUSALS = tuple(status for status in range(400, 500) if status != 429)


class Studio:
    """A client of Studio; all its calls end at one deadline.

    All methods raise StudioError where Studio refuses or fails, and DeadlineError when the time is
    up.

    Args:
        url: of the API, such as ``https://studio.edgeimpulse.com/v1``.
        key: the API key.
        deadline: when all must be done (``time.monotonic()``).
        retries: how often and after which pauses a request is sent again.
    """

    def __init__(
        self,
        url: str,
        key: Secret,
        *,
        deadline: float,
        retries: Retries = Retries(),  # noqa: B008 - frozen
    ) -> None:
        self.deadline = deadline
        self.retries = retries
        self._calls, self._slow_calls = (
            HttpClient(url, key=key, failure=StudioError, retries=retries, read_timeout=seconds)
            for seconds in (_SILENCE, _LONG_SILENCE)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._calls.close()
        self._slow_calls.close()

    def clean(self, text: str) -> str:
        """A text of Studio as one line, without the key."""
        return self._calls.clean(text)

    def problem(self) -> str:
        """Why Studio cannot be reached at present; empty if it answers, be it that it refuses."""
        try:
            self._calls.request("GET", "/api/projects", deadline=self.deadline, accept=_REFUSALS)
        except (StudioError, DeadlineError) as error:
            return str(error)
        return ""

    def projects(self) -> tuple[Project, ...]:
        """All projects that the key gives access to."""
        return read_records(self._get("/api/projects").get("projects"), Project, "the projects")

    def own_project(self) -> int:
        """The project that the key belongs to, or the only one that it gives access to."""
        accepted = (400, 404)  # of keys of users, which belong to none
        answer = self._calls.request(
            "GET", "/api/projects/api-key-info", deadline=self.deadline, accept=accepted
        )
        document = _json(answer)
        if isinstance(document, dict) and document.get("success") is True:
            return read_record(document.get("projectId"), int, "the project of the key")
        projects = self.projects()
        if len(projects) == 1:
            return projects[0].id
        raise StudioError(
            "the API key is for no single project; name one with project= (-p) or EI_PROJECT_ID: "
            f"{', '.join(f'{p.id} ({p.name})' for p in projects) or 'it has none'}"
        )

    def impulses(self, project: int) -> tuple[ProjectImpulse, ...]:
        """The impulses of a project."""
        found = self._get(f"/api/{project}/impulses").get("impulses")
        return read_records(found, ProjectImpulse, "the impulses")

    def default_impulse(self, project: int) -> int | None:
        """The id of the impulse that is meant when none is named."""
        found = self._get(f"/api/{project}").get("defaultImpulseId")
        return read_record(found, int | None, "the default impulse")  # type: ignore[arg-type]

    def variants(self, project: int, impulse: int) -> tuple[ModelVariant, ...]:
        """The variants of the networks of an impulse."""
        document = self._get(f"/api/{project}/model-variants", {"impulseId": impulse})
        return read_records(document.get("modelVariants"), ModelVariant, "the variants")

    def targets(self, project: int, impulse: int) -> tuple[Target, ...]:
        """What an impulse can be built for, the runners for Linux and macOS included."""
        path = f"/api/{project}/deployment/targets/data-sources"
        document = self._get(path, {"impulseId": impulse})
        return read_records(document.get("targets"), Target, "the targets")

    def built_version(
        self, project: int, impulse: int, *, target: str, engine: str, variant: str
    ) -> int | None:
        """The version of the newest build of that kind; ``None`` if there is none."""
        query = _query(target, impulse) | {"engine": engine, "modelType": variant or None}
        document = self._get(f"/api/{project}/deployment", query)
        if document.get("hasDeployment") is not True:
            return None
        if document.get("version") is None:
            return self._version_in_history(project, impulse, target, (engine, variant or None))
        return read_record(document["version"], int, "a version")

    def _version_in_history(
        self, project: int, impulse: int, target: str, kind: tuple[str, str | None]
    ) -> int | None:
        query = {"impulseId": impulse, "deploymentFormat": target}
        try:
            document = self._get(f"/api/{project}/deployment/history", query)
        except StudioError:  # older installations keep none
            found = self._get(f"/api/{project}/deployment/last", {"impulseId": impulse})
            last = read_record(found.get("lastBuild"), LastBuild, "the last build")
            is_it = (last.deployment_type, (last.engine, last.model_type)) == (target, kind)
            return last.version if is_it else None
        builds = read_records(document.get("deployments"), Deployment, "the builds")
        fitting = [b.deployment_version for b in builds if (b.engine, b.model_type) == kind]
        return max(fitting, default=None)

    def deployment(self, project: int, version: int) -> Deployment:
        """All about one build."""
        document = self._get(f"/api/{project}/deployment/history/{version}")
        return read_record(document.get("deployment"), Deployment, f"version {version}")

    def start_build(
        self, project: int, impulse: int, *, target: str, engine: str, variant: str
    ) -> Build:
        """Start a build job."""
        wanted = {"engine": engine} | ({"modelType": variant} if variant else {})
        path = f"/api/{project}/jobs/build-ondevice-model"
        try:
            document = self._slow_calls.post_json(
                path, wanted, query=_query(target, impulse), deadline=self.deadline
            )
        except OutcomeUnknown as error:
            raise StudioError(
                f"nobody knows whether the build was started: {error}; try again, a build that is "
                "there by then is used"
            ) from None
        return read_record(document, Build, "the job")

    def job(self, project: int, job: int) -> Job:
        """How far a job is."""
        document = self._get(f"/api/{project}/jobs/{job}/status")
        return read_record(document.get("job"), Job, "how far the job is")

    def log(self, project: int, job: int, deadline: float) -> tuple[tuple[LogLine, ...], int]:
        """The last lines of a job's log, the oldest first, and how many there are in all."""
        path = f"/api/{project}/jobs/{job}/stdout"
        document = self._calls.get_json(path, deadline=min(deadline, self.deadline))
        lines = read_records(document.get("stdout"), LogLine, "the log")
        is_newest_first = bool(lines) and lines[0].created >= lines[-1].created
        total = read_record(document.get("totalCount", len(lines)), int, "the length of the log")
        return lines[::-1] if is_newest_first else lines, total

    def cancel(self, project: int, job: int, deadline: float) -> None:
        """Stop a job."""
        path = f"/api/{project}/jobs/{job}/cancel"
        query = {"forceCancel": "true"}
        self._calls.post_json(path, {}, query=query, deadline=deadline, is_safe=True)

    def open_download(
        self,
        path: str,
        query: Mapping[str, Any],
        headers: Mapping[str, str],
        accept: Collection[int],
    ) -> requests.Response:
        """Ask for a file; its body is left on the line."""
        return self._slow_calls.request(
            "GET", path, query=query, headers=headers, deadline=self.deadline, stream=True,
            accept=accept, allow_redirects=True,
        )  # fmt: skip

    def _get(self, path: str, query: Mapping[str, Any] | None = None) -> dict[str, Any]:
        return self._calls.get_json(path, query=query, deadline=self.deadline)


def _query(target: str, impulse: int) -> dict[str, Any]:
    return {"type": target, "impulseId": impulse}


def _json(answer: requests.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None
