"""The projects of the local Studio."""

from __future__ import annotations

import itertools
import secrets
import threading
from collections.abc import Sequence
from typing import Any

from msgspec import Struct, field

from .deployments import BuildJob, LocalBuild, LocalDeployment, timestamp
from .exchange import RefusedError
from .samples import SampleStore, StoredSample
from .targets import LocalTarget, default_targets

__all__ = ["LocalImpulse", "LocalProject"]

_jobs = itertools.count(501)


class LocalImpulse(Struct):
    """An impulse of a project."""

    id: int = 1
    name: str = "Impulse #1"
    variants: tuple[str, ...] = ("float32", "int8")
    is_complete: bool = True
    is_stale: bool = False
    thresholds: list[Any] = field(default_factory=list)


class LocalProject:
    """A project: its keys, impulses, targets, builds, deployments and samples.

    All attributes may be changed while the local Studio runs.
    """

    def __init__(
        self,
        id: int,  # noqa: A002
        name: str = "demo",
        *,
        api_key: str | None = None,
        hmac_key: str | None = None,
        impulses: Sequence[LocalImpulse] = (LocalImpulse(),),
        is_public: bool = False,
    ) -> None:
        self.id = id
        self.name = name
        self.api_key = api_key or f"ei_{secrets.token_hex(32)}"
        self.hmac_key = hmac_key or secrets.token_hex(16)
        self.impulses = list(impulses)
        self.is_public = is_public
        self.owner = "local"
        self.created = timestamp()
        self.targets: list[LocalTarget] = default_targets()
        self.recommended_target = "zip"
        self.builds: dict[str, LocalBuild | bytes] = {}
        """What a build job gives for a target's format."""
        self.deployments: list[LocalDeployment] = []
        self.jobs: dict[int, BuildJob] = {}
        self.serves_ranges = True
        self.csv_import_config: dict[str, Any] | None = None
        self.store = SampleStore()
        self.lock = threading.RLock()
        self._last_version = 0

    def __repr__(self) -> str:
        return f"LocalProject(id={self.id}, name={self.name!r})"

    @property
    def samples(self) -> list[StoredSample]:
        """What has been uploaded, in the order of arrival."""
        return self.store.samples

    @property
    def default_impulse(self) -> LocalImpulse | None:
        """The impulse that is meant where none is named."""
        return self.impulses[0] if self.impulses else None

    def find_impulse(self, impulse_id: int | None) -> LocalImpulse:
        """An impulse by its id, or the default one.

        Raises:
            RefusedError: there is none.
        """
        fitting = (impulse for impulse in self.impulses if impulse_id in (None, impulse.id))
        impulse = next(fitting, None)
        if impulse is None:
            named = "" if impulse_id is None else f" with id {impulse_id}"
            raise RefusedError(f"No impulse{named}")
        return impulse

    def find_target(self, name: str) -> LocalTarget:
        """A target by its format.

        Raises:
            RefusedError: there is none.
        """
        for target in self.targets:
            if target.format == name:
                return target
        raise RefusedError(f"Unknown deployment type '{name}'")

    def add_deployment(
        self,
        format: str = "zip",  # noqa: A002
        content: bytes = b"",
        *,
        engine: str = "tflite",
        model_type: str = "int8",
        impulse_id: int = 1,
        version: int | None = None,
    ) -> LocalDeployment:
        """Add a finished build."""
        with self.lock:
            deployment = LocalDeployment(
                version=self.next_version() if version is None else version,
                format=format,
                content=content,
                engine=engine,
                model_type=model_type,
                impulse_id=impulse_id,
            )
            self._last_version = max(self._last_version, deployment.version)
            self.deployments.append(deployment)
        return deployment

    def next_version(self) -> int:
        """A version that no deployment had before."""
        with self.lock:
            self._last_version += 1
            return self._last_version

    def start_build(
        self, target: str, *, engine: str, model_type: str, impulse_id: int
    ) -> BuildJob:
        """Start a job.

        Raises:
            RefusedError: the target does not allow it, or nothing is known about what it gives.
        """
        self._check_target(target, engine)
        build = self.builds.get(target)
        if build is None:
            raise RefusedError(f"Nothing can be built for '{target}' here")
        if isinstance(build, bytes):
            build = LocalBuild(build)
        with self.lock:
            result = LocalDeployment(
                version=self.next_version(),
                format=target,
                content=build.content,
                engine=engine,
                model_type=model_type,
                impulse_id=impulse_id,
            )
            job = BuildJob(next(_jobs), build, result)
            self.jobs[job.id] = job
        return job

    def _check_target(self, name: str, engine: str) -> None:
        target = self.find_target(name)
        if target.disabled_because is not None:
            raise RefusedError(target.disabled_because)
        if engine not in target.engines:
            raise RefusedError(f"Engine '{engine}' is not supported by '{name}'")

    def settle(self) -> None:
        """Let jobs end whose time has come, and keep what they give."""
        with self.lock:
            self.deployments += [job.result for job in self.jobs.values() if job.settle()]
