"""Places that samples can be sent to, and what is sent."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct, field

__all__ = [
    "UNLABELED",
    "Label",
    "LabelSpan",
    "LabeledBox",
    "Receipt",
    "Sample",
    "Unlabeled",
    "Uploader",
]


class Unlabeled(Struct, frozen=True):
    """What :data:`UNLABELED` is: the sample has no label, and none is made of its file name."""


UNLABELED = Unlabeled()

Label = str | tuple[str, ...] | Mapping[str, str] | Unlabeled | None
"""One label, several, labels by key, :data:`UNLABELED`, or None: it is made of the file name."""


class LabeledBox(Struct, frozen=True):
    """An object in an image. The unit is its pixel; (x, y) is the top left corner."""

    label: str
    x: float
    y: float
    width: float
    height: float


class LabelSpan(Struct, frozen=True):
    """A label for the values ``start`` to ``end`` of a sample, counted from 0, both included.

    ``label_map`` holds further labels by key.
    """

    start: int
    end: int
    label: str
    label_map: Mapping[str, str] = field(default_factory=dict)


class Sample(Struct, frozen=True):
    """One sample to upload: its bytes, in memory or on disk, and what is known about it.

    ``filename`` is its name in the project. ``category`` is ``"training"``, ``"testing"``,
    ``"anomaly"``, ``"split"`` (the place divides), ``"validation"`` or ``"post-processing"``.
    ``bounding_boxes`` of None says nothing about objects, an empty tuple that there are none.
    ``structured_labels`` cover all values of the sample. ``attachments`` are files that belong to
    it.
    """

    filename: str
    content: bytes | None = None
    path: Path | None = None
    label: Label = None
    category: str = "training"
    metadata: Mapping[str, str] = field(default_factory=dict)
    bounding_boxes: tuple[LabeledBox, ...] | None = None
    structured_labels: tuple[LabelSpan, ...] = ()
    attachments: tuple[Path, ...] = ()

    def __repr__(self) -> str:
        held = self.path if self.content is None else f"{len(self.content)} bytes"
        return f"Sample({self.filename!r}, {held}, {self.category!r}, label={self.label!r})"

    def read(self) -> bytes:
        """The bytes of the sample.

        Raises:
            InvalidInputError: it has neither bytes nor a file, or the file cannot be read.
        """
        if self.content is not None:
            return self.content
        from ..errors import InvalidInputError

        if self.path is None:
            raise InvalidInputError(f"the sample {self.filename!r} has neither content nor a path")
        try:
            return self.path.read_bytes()
        except OSError as error:
            raise InvalidInputError(
                f"cannot read the sample {self.path}: {error.strerror or error}"
            ) from error


class Receipt(Struct, frozen=True):
    """What became of one sample.

    ``ok`` tells that it is in its place now. ``is_duplicate``: it was there before, or an equal
    one.
    """

    filename: str
    ok: bool
    message: str = ""
    sample_id: int | None = None
    is_duplicate: bool = False


class Uploader(ABC):
    """A place that samples can be sent to, opened with the options of its kind.

    It may be used from several threads at once. ``place`` tells it from others of its kind, such
    as by a host or a folder, without secrets; a journal holds it.
    """

    place: str = ""

    @abstractmethod
    def upload(self, sample: Sample) -> Receipt:
        """Send one sample and tell what became of it.

        Raises:
            IngestionError: the place cannot be reached or refuses the credentials.
        """

    def upload_again(self, sample: Sample) -> Receipt:
        """Send a sample that may have arrived already, by a try whose end nobody saw.

        Where it is there, the receipt says that it is a duplicate, even if the uploader takes
        duplicates otherwise. This one calls :meth:`upload`, which does where equal samples are
        refused.

        Raises:
            IngestionError: as of :meth:`upload`.
        """
        return self.upload(sample)

    @abstractmethod
    def close(self) -> None:
        """Free all resources. Closing twice is legal."""
