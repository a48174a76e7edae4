"""Showing what becomes of many samples: a line for each that is refused, a bar, and the sum."""

from __future__ import annotations

import sys
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import click

from .._progress_stream import progress_stream
from .._text import printable
from ..errors import EdgeImpulseError, InvalidInputError
from ._output import print_json
from ._problems import complain, tell

if TYPE_CHECKING:
    from rich.progress import Progress
    from typing_extensions import Self

    from ..contract import Receipt, Sample, Uploader
    from ..ingestion import UploadReport
    from ._overview import Overview

__all__ = ["Verdicts"]

_MOST_LEFT_OUT = 10
_COUNTS = {
    "uploaded": "uploaded",
    "duplicates": "there already",
    "skipped": "arrived before (--fresh sends again)",
    "failed": "failed",
}


class Verdicts:
    """Prints each verdict as JSON, or the refused ones as lines on stderr with a bar below.

    Args:
        as_json: for programs.
        again: what is said to a user whose upload was stopped.
        dry_run: whether nothing is sent.
    """

    def __init__(self, *, as_json: bool, again: str, dry_run: bool = False) -> None:
        self._as_json = as_json
        self._again = again
        self._dry_run = dry_run
        self._bar: Progress | None = None
        self._task: Any = None
        self._overview: Overview | None = None
        self._place = ""
        self._done = 0
        self._left_out = 0
        self._left_out_are = "file"

    @property
    def has_bar(self) -> bool:
        """Whether there is a bar, which likes to know how many samples there are."""
        return self._bar is not None

    def expect(self, count: int) -> None:
        """Tell the bar how many samples there are."""
        if self._bar is not None:
            self._bar.update(self._task, total=count)

    def begin(self, uploader: Uploader) -> None:
        """Tell where the samples go."""
        self._place = uploader.place
        if self._dry_run:
            from ._overview import Overview

            self._overview = Overview()

    def read_as(self, path: Path, kind: str) -> None:
        """Tell what a folder was found to be."""
        if self._overview is not None:
            self._overview.formats[printable(str(path))] = kind

    def show(self, sample: Sample, receipt: Receipt) -> None:
        """Tell what became of one sample."""
        self._done += receipt.ok
        if self._overview is not None and receipt.ok:
            self._overview.add(sample)
        if self._as_json:
            print_json(_verdict(sample, receipt))
        elif not receipt.ok and not receipt.is_duplicate:
            complain(f"{_name(sample)}: {receipt.message}")
        if self._bar is not None:
            self._bar.advance(self._task)

    def skipped(self, path: Path, reason: str) -> None:
        """Tell of a file that is no sample."""
        self._leave_out("file", f"{path}: {reason}")

    def bad_line(self, error: InvalidInputError) -> None:
        """Tell of a line that is no reading."""
        self._leave_out("line", str(error))

    def conclude(self, report: UploadReport) -> None:
        """Tell what became of all; nothing where there was nothing, which an error tells."""
        self._stop()
        if not report.total:
            return
        counts = {name: getattr(report, name) for name in _COUNTS}
        if self._as_json:
            more: dict[str, Any] = {
                "total": report.total,
                "left_out": self._left_out,
                "seconds": report.seconds,
            }
            more |= {"place": self._place, "dry_run": self._dry_run}
            if self._overview is not None:
                more["formats"] = self._overview.formats
            print_json({"summary": {**counts, **more}})
            return
        for line in self._overview.lines() if self._overview is not None else ():
            click.echo(line)
        texts = {**_COUNTS, "uploaded": "would be uploaded"} if self._dry_run else _COUNTS
        parts = [
            f"{counts[name]} {text}"
            for name, text in texts.items()
            if counts[name] or name == "uploaded"
        ]
        if self._left_out:
            plural = "s" if self._left_out > 1 else ""
            parts.append(f"{self._left_out} {self._left_out_are}{plural} left out")
        where = f", to {self._place}" if self._dry_run else ""
        click.echo(f"{', '.join(parts)} in {report.seconds:.1f} s{where}")

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
            if self._done and not self._dry_run:
                tell(f"{self._done} uploaded before it failed; {self._again}")
            if self._as_json:
                print_json({"error": {"type": type(error).__name__, "message": str(error)}})

    def _leave_out(self, what: str, text: str) -> None:
        self._left_out += 1
        self._left_out_are = what
        if self._left_out <= _MOST_LEFT_OUT and not self._as_json:
            tell(f"left out {text}")

    def _stop(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


def _verdict(sample: Sample, receipt: Receipt) -> dict[str, Any]:
    from ._overview import label_for_json

    return {
        "file": str(sample.path or sample.filename),
        "ok": receipt.ok,
        "duplicate": receipt.is_duplicate,
        "message": receipt.message,
        "sample_id": receipt.sample_id,
        "category": sample.category,
        "label": label_for_json(sample.label),
        "boxes": len(sample.bounding_boxes or ()),
    }


def _name(sample: Sample) -> str:
    return printable(str(sample.path or sample.filename))
