"""A dry run to a place of any kind: samples are read, and nothing is opened."""

from __future__ import annotations

from ..contract import Receipt, Sample, Uploader
from ._options import place_of

__all__ = ["DryRun"]


class DryRun(Uploader):
    """Reads samples and sends nothing.

    Args:
        name: the uploader that a real run would open.
    """

    def __init__(self, name: str) -> None:
        self.place = place_of(name, is_dry=True)

    def upload(self, sample: Sample) -> Receipt:
        """Read one sample.

        Raises:
            InvalidInputError: it cannot be read.
        """
        sample.read()
        return Receipt(sample.filename, ok=True, message="only read: this is a dry run")

    def close(self) -> None:
        """There is nothing to free."""
