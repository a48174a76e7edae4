"""What a project was built into, and the jobs that build it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime, timezone

from msgspec import Struct, field

__all__ = ["BuildJob", "LocalBuild", "LocalDeployment", "timestamp"]


def timestamp(seconds: float | None = None) -> str:
    """A moment (by default now) as Studio writes it."""
    moment = datetime.fromtimestamp(time.time() if seconds is None else seconds, timezone.utc)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class LocalBuild(Struct, frozen=True):
    """What a build job will give.

    It is finished once it took ``seconds`` and ``polls`` answers said that it was not finished. A
    line of the log is of the level ``info``, or a pair of its level and its text.
    """

    content: bytes = b""
    log: Sequence[str | tuple[str, str]] = ("Building...", "Building OK")
    seconds: float = 0.0
    fails: bool = False
    polls: int = 0


class LocalDeployment(Struct, frozen=True, kw_only=True):
    """A build that can be downloaded."""

    version: int
    format: str
    content: bytes
    engine: str = "tflite"
    model_type: str = "int8"
    impulse_id: int = 1
    created: str = field(default_factory=timestamp)

    def fits(
        self, target: str | None, model_type: str | None, engine: str | None, impulse: int | None
    ) -> bool:
        """Whether this is what was asked for; None asks for nothing."""
        asked = (target, model_type, engine, impulse)
        own = (self.format, self.model_type, self.engine, self.impulse_id)
        return all(a is None or a == b for a, b in zip(asked, own, strict=True))


class BuildJob:
    """A build while it goes on and afterwards. The lock of the project guards it."""

    def __init__(self, job_id: int, build: LocalBuild, result: LocalDeployment) -> None:
        self.id = job_id
        self.build = build
        self.result = result
        self.created = time.time()
        self.finished: float | None = None
        self.is_canceled = False
        self.polls = 0
        """How many answers said that it is not finished."""
        self._since = time.monotonic()

    @property
    def is_successful(self) -> bool:
        """Whether it is finished and gave something."""
        return self.finished is not None and not self.build.fails and not self.is_canceled

    def settle(self) -> bool:
        """End it if it is time. True when it has finished successfully just now."""
        is_due = self.polls >= self.build.polls and self._elapsed() >= self.build.seconds
        if self.finished is not None or not is_due:
            return False
        self.finished = time.time()
        return self.is_successful

    def cancel(self) -> None:
        """End it without a result."""
        if self.finished is None:
            self.finished, self.is_canceled = time.time(), True

    def lines(self) -> list[tuple[str, str]]:
        """The log so far: all of it in the end, before that the part that fits the time."""
        log = self.build.log
        if self.finished is None and self.build.seconds > 0:
            log = log[: int(min(1.0, self._elapsed() / self.build.seconds) * len(log))]
        return [("info", line) if isinstance(line, str) else line for line in log]

    def _elapsed(self) -> float:
        return time.monotonic() - self._since
