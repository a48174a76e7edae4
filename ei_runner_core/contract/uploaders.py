"""Places that samples can be sent to."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Receipt", "Sample", "Uploader"]


@dataclass(frozen=True)
class Sample:
    """One sample to upload: its bytes and what is known about it."""

    filename: str
    content: bytes = field(repr=False)
    label: str | None = None
    category: str = "training"
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Receipt:
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
