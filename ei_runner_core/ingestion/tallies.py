"""Counting what becomes of many samples."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from ..contract import Receipt, Sample
from ..errors import EdgeImpulseError, InvalidInputError
from .sending import Task

__all__ = ["Tally", "UploadReport"]

_MOST_FAILURES = 1000
_MOST_IN_A_ROW = 20
_MOST_AT_FIRST = 3  # before anything has arrived; one sample alone may be what the place chokes on
_MOST_AGAIN = 100  # they are held in memory


class UploadReport(Struct, frozen=True):
    """What became of many samples.

    ``uploaded`` have arrived now, ``duplicates`` were there before, ``skipped`` had arrived in an
    earlier run (by the journal), ``failed`` have not arrived. ``failures`` holds the first
    thousand of the failed ones, ``seconds`` is how long it took.
    """

    uploaded: int = 0
    duplicates: int = 0
    skipped: int = 0
    failed: int = 0
    failures: tuple[Receipt, ...] = ()
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether all samples are in their place."""
        return not self.failed

    @property
    def total(self) -> int:
        """The number of samples."""
        return self.uploaded + self.duplicates + self.skipped + self.failed


class Tally:
    """The counts of one upload of many samples while it goes on.

    Args:
        on_receipt: called with each sample that is done.
    """

    def __init__(self, on_receipt: Callable[[Sample, Receipt], None] | None) -> None:
        self._on_receipt = on_receipt
        self._started = time.monotonic()
        self._counts = {"uploaded": 0, "duplicates": 0, "skipped": 0, "failed": 0}
        self._failures: list[Receipt] = []
        self._again: list[Task] = []
        self._errors_in_a_row = 0

    def skip(self) -> None:
        """Count a sample that had arrived in an earlier run."""
        self._counts["skipped"] += 1

    def settle(self, task: Task, found: Receipt | BaseException) -> None:
        """Count what became of a sample, or keep it for the second round.

        Raises:
            IngestionError: there is no sense in going on.
        """
        if isinstance(found, BaseException):
            self._judge(found, task)
            if self._gets_another_try(task, found):
                self._again.append(replace(task, is_second=True))
                return
            found = Receipt(task.sample.filename, ok=False, message=str(found))
        else:
            self._errors_in_a_row = 0
        self._count(found)
        if self._on_receipt is not None:
            self._on_receipt(task.sample, found)

    def second_round(self) -> Iterator[Task]:
        """What could not be sent the first time."""
        again, self._again = self._again, []
        yield from again

    def report(self) -> UploadReport:
        """The counts up to now."""
        seconds = time.monotonic() - self._started
        return UploadReport(**self._counts, failures=tuple(self._failures), seconds=seconds)

    def _judge(self, error: BaseException, task: Task) -> None:
        """Raise an error that concerns not one sample alone."""
        if not isinstance(error, EdgeImpulseError):
            raise error
        if isinstance(error, InvalidInputError):
            return
        self._errors_in_a_row += 1
        has_arrived = any(self._counts[name] for name in ("uploaded", "duplicates"))
        most = _MOST_IN_A_ROW if has_arrived else _MOST_AT_FIRST
        if self._errors_in_a_row >= most or (task.is_second and not has_arrived):
            raise error

    def _gets_another_try(self, task: Task, error: BaseException) -> bool:
        is_final = isinstance(error, InvalidInputError) or task.is_second
        return not is_final and len(self._again) < _MOST_AGAIN

    def _count(self, receipt: Receipt) -> None:
        if receipt.is_duplicate:
            self._counts["duplicates"] += 1
        elif receipt.ok:
            self._counts["uploaded"] += 1
        else:
            self._counts["failed"] += 1
            if len(self._failures) < _MOST_FAILURES:
                self._failures.append(receipt)
