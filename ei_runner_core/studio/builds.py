"""A build job: started, watched with its log, and cancelled when nobody waits for it any more."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

import msgspec

from .._http.errors import OutcomeUnknown
from .._text import one_line
from ..errors import DeadlineError, StudioError
from .api import Studio
from .records import Build, LogLine

__all__ = ["PAUSES", "Pauses", "watch"]

_LAST_LINES = 8
_SECONDS_TO_CANCEL = 10.0
_SECONDS_FOR_LOG = 5.0


class Pauses(msgspec.Struct, frozen=True):
    """How long to wait between two looks at a job, in seconds."""

    first: float = 1.0
    growth: float = 1.4
    longest: float = 5.0


PAUSES = Pauses()


def watch(
    studio: Studio,
    project: int,
    build: Build,
    on_log: Callable[[str], None],
    pauses: Pauses = PAUSES,
) -> None:
    """Wait until a build job has ended well.

    Args:
        studio: whose deadline is the end of waiting.
        project: the project.
        build: the job.
        on_log: called with each line of its log.
        pauses: how often it is looked at.

    Raises:
        StudioError: the job failed; the message ends with the last lines of its log.
        DeadlineError: the time is up, and the job was cancelled.
        KeyboardInterrupt: as raised; the job was cancelled before.
    """
    log = _Log(studio, project, build.id, on_log)
    try:
        _wait(studio, project, build, log, pauses)
    except DeadlineError as error:
        _cancel(studio, project, build)
        raise DeadlineError(
            f"the build job {build.id} of project {project} was not done in time and was "
            f"cancelled: {error}; allow more time with timeout= (--timeout)"
        ) from None
    except KeyboardInterrupt:
        _cancel(studio, project, build)
        raise


def _wait(studio: Studio, project: int, build: Build, log: _Log, pauses: Pauses) -> None:
    pause = pauses.first
    while True:
        job = studio.job(project, build.id)
        log.show()
        if job.finished:
            break
        if time.monotonic() + pause >= studio.deadline:
            time.sleep(max(studio.deadline - time.monotonic(), 0.0))
            raise DeadlineError("it still ran when the time was up")
        time.sleep(pause)
        pause = min(pause * pauses.growth, pauses.longest)
    if job.finished_successful is not True:
        raise StudioError(
            f"the build job {build.id} of project {project} failed; the end of its log: "
            f"{log.end() or 'it is empty'}"
        )


class _Log:
    """What a job has said, each line shown once."""

    def __init__(
        self, studio: Studio, project: int, job: int, on_log: Callable[[str], None]
    ) -> None:
        self._studio = studio
        self._place = project, job
        self._on_log = on_log
        self._shown = 0
        self._last: list[str] = []

    def show(self) -> None:
        """Fetch what is new. A log that cannot be had is no reason to give up a build."""
        deadline = time.monotonic() + _SECONDS_FOR_LOG
        with suppress(StudioError, DeadlineError):
            lines, total = self._studio.log(*self._place, deadline)
            new = min(max(total - self._shown, 0), len(lines))
            self._shown = max(total, self._shown)
            for text in _texts(lines[len(lines) - new :]):
                self._last = [*self._last, text][-_LAST_LINES:]
                self._on_log(text)

    def end(self) -> str:
        """The last lines, as one."""
        return " | ".join(map(one_line, self._last))


def _texts(lines: tuple[LogLine, ...]) -> list[str]:
    return [text for line in lines for text in line.data.splitlines() if text.strip()]


def _cancel(studio: Studio, project: int, build: Build) -> None:
    """Stop a job as far as that is possible; what it was stopped for is told, not this."""
    deadline = time.monotonic() + _SECONDS_TO_CANCEL
    with suppress(StudioError, DeadlineError, OutcomeUnknown):
        studio.cancel(project, build.id, deadline)
