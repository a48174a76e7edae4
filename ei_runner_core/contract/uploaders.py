"""Places that samples can be sent to."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

from msgspec import Struct, field

__all__ = ["Receipt", "Sample", "Uploader"]


class Sample(Struct, frozen=True):
    """One sample to upload: its bytes and what is known about it."""

    filename: str
    content: bytes
    label: str | None = None
    category: str = "training"
    metadata: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        about = f"label={self.label!r}, category={self.category!r}, metadata={self.metadata!r}"
        return f"Sample(filename={self.filename!r}, {len(self.content)} bytes, {about})"


class Receipt(Struct, frozen=True):
    """What became of one uploaded sample."""

    filename: str
    ok: bool
    message: str = ""
    sample_id: int | None = None


class Uploader(ABC):
    """A place that samples can be sent to, opened with the options of its kind."""

    @abstractmethod
    def upload(self, sample: Sample) -> Receipt:
        """Send one sample and tell what became of it.

        Raises:
            IngestionError: the place cannot be reached or refuses the credentials.
        """

    @abstractmethod
    def close(self) -> None:
        """Free all resources. Closing twice is legal."""
