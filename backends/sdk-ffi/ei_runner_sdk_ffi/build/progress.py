"""Showing how far a build has come: a bar in a terminal, lines in the log elsewhere."""

from __future__ import annotations

import logging
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, TextIO

from ei_runner_core.authoring import progress_stream

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from typing_extensions import Self

__all__ = ["LogProgress", "Progress", "TerminalProgress", "usual_progress"]

_log = logging.getLogger(__name__)


class Progress(Protocol):
    """What a build tells while it works; all calls come from one thread."""

    def __enter__(self) -> Self:
        """The build begins to compile."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """It has ended, well or not."""

    def step(self, name: str, done: int, total: int) -> None:
        """Something is done: ``done`` of ``total``, which may grow while more turns out needed."""


class LogProgress:
    """Lines in the log."""

    def __enter__(self) -> Self:
        _log.info("compiling the model; this happens once")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        pass

    def step(self, name: str, done: int, total: int) -> None:
        """One line."""
        _log.info("%s (%d of %d)", name, done, total)


class TerminalProgress:
    """A bar in a terminal, gone when the build has ended."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._bar: RichProgress | None = None

    def __enter__(self) -> Self:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
        from rich.progress import TimeElapsedColumn as Elapsed

        columns = (
            TextColumn("compiling"), BarColumn(), MofNCompleteColumn(), Elapsed(),
            TextColumn("{task.description}", markup=False),
        )  # fmt: skip
        self._bar = Progress(*columns, console=Console(file=self._stream), transient=True)
        self._bar.start()
        self._task = self._bar.add_task("", total=None)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def step(self, name: str, done: int, total: int) -> None:
        """Move the bar."""
        if self._bar is not None:
            self._bar.update(self._task, description=name, completed=done, total=total)


def usual_progress() -> Progress:
    """A bar where standard error is a terminal, else lines in the log."""
    stream = progress_stream()
    return LogProgress() if stream is None else TerminalProgress(stream)
