"""Sending one sample of many, with a journal that knows of earlier tries."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from ..contract import Receipt, Sample, Uploader
from ..errors import InvalidInputError
from .identity import identity_of
from .journal import Journal

__all__ = ["Sending", "Task"]


class Task(Struct, frozen=True):
    """A sample to send.

    ``key`` is what it is called in the journal; None if there is no journal, or if its file cannot
    be found. ``is_second``: an earlier try has failed, and may have arrived nevertheless.
    """

    sample: Sample
    key: str | None = None
    is_second: bool = False


class Sending:
    """Sends samples; it may be used from several threads."""

    def __init__(self, uploader: Uploader, journal: Journal | None) -> None:
        self._uploader = uploader
        self._journal = journal

    def task(self, sample: Sample) -> Task:
        """What there is to do about a sample."""
        if self._journal is None:
            return Task(sample)
        try:
            return Task(sample, identity_of(sample))
        except (OSError, ValueError):  # the file is gone, or cannot be: sending it tells
            return Task(sample)

    def is_done(self, task: Task) -> bool:
        """Whether a sample has arrived in an earlier run."""
        if self._journal is None or task.key is None:
            return False
        return self._journal.is_done(task.key)

    def send(self, task: Task) -> Receipt:
        """Send a sample.

        Raises:
            InvalidInputError: it cannot be sent.
            IngestionError: the place cannot be reached, or the journal not be written.
        """
        if self._journal is None:
            return self._sent(task, is_in_doubt=task.is_second)
        if task.key is None:
            raise InvalidInputError(f"cannot read the sample {_place(task.sample)}: it has gone")
        is_in_doubt = self._journal.begin(task.key) or task.is_second
        receipt = self._sent(task, is_in_doubt=is_in_doubt)
        if receipt.ok or receipt.is_duplicate:
            self._journal.finish(task.key)
        return receipt

    def _sent(self, task: Task, *, is_in_doubt: bool) -> Receipt:
        if not is_in_doubt:
            return self._uploader.upload(task.sample)
        receipt = self._uploader.upload_again(task.sample)
        if receipt.is_duplicate:  # the try whose end nobody saw has arrived
            return replace(receipt, ok=True, is_duplicate=False)
        return receipt


def _place(sample: Sample) -> str:
    return str(sample.path or sample.filename)
