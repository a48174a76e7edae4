"""Showing what becomes of many samples: a line for each that is refused, a bar, and the sum."""

from __future__ import annotations

import sys
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import click

from .._progress_stream import progress_stream
from .._text import printable
from ..errors import EdgeImpulseError
from ._output import print_json
from ._problems import complain, tell

if TYPE_CHECKING:
    from rich.progress import Progress
    from typing_extensions import Self

    from ..contract import Receipt, Sample
    from ..ingestion import UploadReport

__all__ = ["Verdicts"]

_MOST_LEFT_OUT = 10
_COUNTS = {
    "uploaded": "uploaded",
    "duplicates": "were there already",
    "skipped": "had arrived before (--fresh sends them again)",
    "failed": "failed",
}


class Verdicts:
    """Prints each verdict as JSON, or the refused ones as lines on stderr with a bar below.

    Args:
        as_json: for programs.
        again: what is said to a user whose upload was stopped.
    """

    def __init__(self, *, as_json: bool, again: str) -> None:
        self._as_json = as_json
        self._again = again
        self._bar: Progress | None = None
        self._task: Any = None
        self._done = 0
        self._left_out = 0

    @property
    def has_bar(self) -> bool:
        """Whether there is a bar, which likes to know how many samples there are."""
        return self._bar is not None

    def expect(self, count: int) -> None:
        """Tell the bar how many samples there are."""
        if self._bar is not None:
            self._bar.update(self._task, total=count)

    def show(self, sample: Sample, receipt: Receipt) -> None:
        """Tell what became of one sample."""
        self._done += receipt.ok
        if self._as_json:
            print_json(_verdict(sample, receipt))
        elif not receipt.ok and not receipt.is_duplicate:
            complain(f"{_name(sample)}: {receipt.message}")
        if self._bar is not None:
            self._bar.advance(self._task)

    def skipped(self, path: Path, reason: str) -> None:
        """Tell of a file that is no sample."""
        self._left_out += 1
        if self._left_out <= _MOST_LEFT_OUT and not self._as_json:
            tell(f"left out {path}: {reason}")

    def conclude(self, report: UploadReport, *, dry_run: bool) -> None:
        """Tell what became of all."""
        self._stop()
        counts = {name: getattr(report, name) for name in _COUNTS}
        if self._as_json:
            more = {"total": report.total, "left_out": self._left_out, "seconds": report.seconds}
            print_json({"summary": {**counts, **more, "dry_run": dry_run}})
            return
        texts = {**_COUNTS, "uploaded": "would be uploaded"} if dry_run else _COUNTS
        parts = [
            f"{counts[name]} {text}"
            for name, text in texts.items()
            if counts[name] or name == "uploaded"
        ]
        if self._left_out:
            parts.append(f"{self._left_out} files left out")
        click.echo(f"{', '.join(parts)} in {report.seconds:.1f} s")

    def __enter__(self) -> Self:
        stream = progress_stream()
        if stream is not None and not (self._as_json and sys.stdout.isatty()):
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress
            from rich.progress import TimeElapsedColumn as Elapsed

            columns = ("uploading", BarColumn(), MofNCompleteColumn(), Elapsed())
            console = Console(file=stream)
            self._bar = Progress(*columns, console=console, transient=True, redirect_stdout=False)
            self._task = self._bar.add_task("", total=None)
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop()
        if isinstance(error, KeyboardInterrupt):
            tell(f"stopped: {self._done} uploaded; {self._again}")
        elif isinstance(error, EdgeImpulseError):
            if self._done:
                tell(f"{self._done} uploaded before it failed; {self._again}")
            if self._as_json:
                print_json({"error": {"type": type(error).__name__, "message": str(error)}})

    def _stop(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


def _verdict(sample: Sample, receipt: Receipt) -> dict[str, Any]:
    return {
        "file": str(sample.path or sample.filename),
        "ok": receipt.ok,
        "duplicate": receipt.is_duplicate,
        "message": receipt.message,
        "sample_id": receipt.sample_id,
    }


def _name(sample: Sample) -> str:
    return printable(str(sample.path or sample.filename))
