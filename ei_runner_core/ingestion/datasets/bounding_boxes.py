"""``bounding_boxes.labels``: Edge Impulse's own annotations, in the folder of their images."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from msgspec import Struct

from ...contract.uploaders import LabeledBox, Sample
from ...errors import InvalidInputError
from .annotated import annotated_samples
from .boxes import fit_box
from .documents import read_json, shown
from .listing import Listing

__all__ = ["BOXES_FILE", "has_bounding_boxes", "boxes_in", "read_bounding_boxes"]

BOXES_FILE = "bounding_boxes.labels"


class _BoxesFile(Struct):
    version: Literal[1]
    type: Literal["bounding-box-labels"]
    boundingBoxes: dict[str, list[LabeledBox]]  # noqa: N815 - a name in the file


def has_bounding_boxes(listing: Listing) -> bool:
    """Whether such a file is anywhere in it."""
    return any(name.rpartition("/")[2] == BOXES_FILE for name in listing.names)


def read_bounding_boxes(listing: Listing) -> Iterator[Sample]:
    """An entry without boxes states that there is no object; a file without entry says nothing.

    Raises:
        InvalidInputError: a file is damaged, names an image that is not beside it, or holds a box
            without area.
    """
    boxes: dict[str, tuple[LabeledBox, ...]] = {}
    files = [name for name in listing.names if name.rpartition("/")[2] == BOXES_FILE]
    for file in files:
        for stated, found in _read_file(listing.path(file)).items():
            name = file.removesuffix(BOXES_FILE) + stated
            if name not in listing.present:
                raise InvalidInputError(
                    f"{listing.shown(file)}: there is no file {stated!r} beside it; "
                    "add it or remove its boxes"
                )
            boxes[name] = found
    yield from annotated_samples(listing, listing.samples(files), boxes)


def boxes_in(folder: Path) -> dict[str, tuple[LabeledBox, ...]]:
    """The boxes that a ``bounding_boxes.labels`` in a folder states; none where there is none."""
    file = folder / BOXES_FILE
    return _read_file(file) if file.is_file() else {}


def _read_file(path: Path) -> dict[str, tuple[LabeledBox, ...]]:
    """The boxes of each image that a ``bounding_boxes.labels`` has an entry for.

    Raises:
        InvalidInputError: it is damaged or holds a box without area.
    """
    document = read_json(path, _BoxesFile)
    return {
        name: tuple(
            fit_box(box, None, f"{shown(path)}: box {number} of {name!r}")
            for number, box in enumerate(boxes, 1)
        )
        for name, boxes in document.boundingBoxes.items()
    }
