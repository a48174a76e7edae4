"""A bar in a terminal for work that takes a while."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ei_runner_core.authoring import progress_stream

if TYPE_CHECKING:
    from rich.progress import Progress

    from .steps import OnProgress

__all__ = ["progress_bar"]

_PATIENCE = 2.0  # s before it appears


@contextmanager
def progress_bar(what: str) -> Iterator[OnProgress]:
    """What to tell how many steps are done, of how many; nothing is shown but in a terminal."""
    started = time.monotonic()
    bar: Progress | None = None

    def show(done: int, total: int) -> None:
        nonlocal bar
        if bar is None and time.monotonic() - started > _PATIENCE:
            bar = _new_bar(what)
        if bar is not None:
            bar.update(bar.task_ids[0], completed=done, total=total)

    try:
        yield show
    finally:
        if bar is not None:
            bar.stop()


def _new_bar(what: str) -> Progress | None:
    stream = progress_stream()
    if stream is None:
        return None
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeElapsedColumn as Elapsed

    columns = TextColumn(what), BarColumn(), MofNCompleteColumn(), Elapsed()
    bar = Progress(
        *columns, console=Console(file=stream), transient=True, redirect_stdout=False,
        redirect_stderr=False,
    )  # fmt: skip
    bar.add_task("", total=None)
    bar.start()
    return bar
