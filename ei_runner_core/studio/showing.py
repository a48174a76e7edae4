"""Showing a download in a terminal: the log of the build, then a bar once it takes a while."""

from __future__ import annotations

import logging
import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, TextIO

from .._progress_stream import progress_stream
from .._text import printable
from .progress import Progress

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID
    from typing_extensions import Self

__all__ = ["ShownProgress"]

_log = logging.getLogger(__name__)
_PATIENCE = 2.0  # s before a bar appears


class ShownProgress:
    """Shows the steps of a download as they come; ``with`` clears the bar in the end.

    Args:
        lines: where lines go if there is no terminal; ``None`` puts them into the log.
    """

    def __init__(self, lines: TextIO | None = None) -> None:
        self._lines = lines
        self._terminal = progress_stream()
        self._bar: Bar | None = None
        self._task: TaskID | None = None
        self._started = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop()

    def __call__(self, step: Progress) -> None:
        """Show a step."""
        if step.stage == "download":
            self._advance(step)
        elif step.message and step.stage != "unpack":
            self._tell(step)

    def _tell(self, step: Progress) -> None:
        self._stop()
        text = printable(step.message.rstrip())
        stream = self._terminal or self._lines
        if stream is None:
            _log.info("%s", text)
            return
        prefix = "  " if step.stage == "log" else ""
        stream.write(f"{prefix}{text}\n")
        stream.flush()

    def _advance(self, step: Progress) -> None:
        if self._terminal is None:
            return
        if step.done == 0 or step.done == step.total:
            self._started = time.monotonic()
        if self._bar is None and time.monotonic() - self._started > _PATIENCE:
            self._start(self._terminal)
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=step.done, total=step.total)

    def _start(self, stream: TextIO) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, TextColumn, TransferSpeedColumn
        from rich.progress import Progress as Bar

        columns = TextColumn("downloading"), BarColumn(), DownloadColumn(), TransferSpeedColumn()
        console = Console(file=stream)
        self._bar = Bar(
            *columns, console=console, transient=True, redirect_stdout=False,
            redirect_stderr=stream is sys.stderr,
        )  # fmt: skip
        self._task = self._bar.add_task("", total=None)
        self._bar.start()

    def _stop(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
