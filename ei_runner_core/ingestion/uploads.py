"""Uploading many samples: several at a time, none lost, none doubled, each with its verdict."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

from ..contract import Receipt, Sample, Uploader
from ..errors import InvalidInputError
from .journal import Journal
from .pool import Pool
from .sending import Sending, Task
from .tallies import Tally, UploadReport

__all__ = ["UploadReport", "upload_all"]


def upload_all(
    uploader: Uploader,
    samples: Iterable[Sample],
    *,
    concurrency: int = 20,
    journal: Path | None = None,
    on_receipt: Callable[[Sample, Receipt], None] | None = None,
    on_report: Callable[[UploadReport], None] | None = None,
) -> UploadReport:
    """Upload samples, several at a time; a sample that is refused does not stop the others.

    Samples are taken from the iterable as they are needed, so their number is not bounded by
    memory. What could not be sent is tried once more when all others are done. Where the iterable
    raises an error, that is raised when all samples that were taken before are uploaded.

    Args:
        uploader: the place, such as :class:`ei_runner_core.ingestion.Client`. After an error it is
            closed; otherwise it stays open.
        samples: what to upload.
        concurrency: how many are on the way at a time.
        journal: a file that remembers what has arrived. An upload that was killed goes on where
            it stopped when it is started again with the same file: what has arrived is skipped,
            and what was on the way then may be found to be there. It is deleted when everything
            has arrived.
        on_receipt: called in this thread with each sample that is done.
        on_report: called with what is returned, also where the iterable raised an error.

    Raises:
        IngestionError: the place cannot be reached or refuses the credentials; or the journal
            cannot be used. With a journal the same call goes on where it stopped.
        InvalidInputError: the concurrency is not positive, or what is to be uploaded no samples.
    """
    if concurrency < 1:
        raise InvalidInputError(f"the concurrency is {concurrency}, expected 1 or more")
    if isinstance(samples, (str, bytes, os.PathLike, Sample)) or not isinstance(samples, Iterable):
        raise InvalidInputError(
            f"samples is {samples!r}, expected an iterable of samples, such as read_dataset of a "
            "folder"
        )
    tally = Tally(on_receipt)
    source = _Source(samples)
    with ExitStack() as stack:
        opened = None if journal is None else stack.enter_context(Journal(journal, uploader.place))
        sending = Sending(uploader, opened)
        with Pool(sending.send, concurrency, uploader.close) as pool:
            _work_off(pool, tally, (task for s in source if (task := _task(sending, tally, s))))
            _work_off(pool, tally, tally.second_round())
        report = tally.report()
        if opened is not None and report.ok and source.error is None:
            opened.remove()
    if on_report is not None:
        on_report(report)
    if source.error is not None:
        raise source.error
    return report


class _Source:
    """Samples until their end, or until the error that ends them, which is kept."""

    def __init__(self, samples: Iterable[Sample]) -> None:
        self.error: Exception | None = None
        self._samples = samples

    def __iter__(self) -> Iterator[Sample]:
        try:
            for sample in self._samples:
                if not isinstance(sample, Sample):
                    raise InvalidInputError(
                        f"the samples hold {sample!r}, expected an ei_runner_core.Sample"
                    )
                yield sample
        except Exception as error:  # noqa: BLE001 - raised when what came before is uploaded
            self.error = error


def _task(sending: Sending, tally: Tally, sample: Sample) -> Task | None:
    """What is to be done about a sample; None if it has arrived in an earlier run."""
    task = sending.task(sample)
    if sending.is_done(task):
        tally.skip()
        return None
    return task


def _work_off(pool: Pool[Task, Receipt], tally: Tally, tasks: Iterable[Task]) -> None:
    """Send all, and count what becomes of each as soon as that is known."""
    for task in tasks:
        while pool.is_full:
            tally.settle(*pool.outcome())
        pool.submit(task)
        for outcome in pool.outcomes():
            tally.settle(*outcome)
    while pool.pending:
        tally.settle(*pool.outcome())
