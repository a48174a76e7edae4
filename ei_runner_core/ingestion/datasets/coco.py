"""COCO: one JSON file with the boxes of many images."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from ...contract.uploaders import LabeledBox, Sample
from ...errors import InvalidInputError
from .annotated import boxed_samples
from .boxes import fit_box
from .documents import read_json, shown
from .listing import Listing

__all__ = ["has_coco", "is_coco", "read_coco"]

_SNIFFED_BYTES = 1 << 16
_MARKS = tuple(
    f'"{word}"'.encode()
    for word in ("images", "annotations", "categories", "image_id", "category_id", "bbox")
)

_Id = int | str


class _Image(Struct):
    id: _Id
    file_name: str
    width: float | None = None
    height: float | None = None


class _Annotation(Struct):
    image_id: _Id
    category_id: _Id
    bbox: list[float | list[float]]


class _Category(Struct):
    id: _Id
    name: str


class _Coco(Struct):
    images: list[_Image]
    annotations: list[_Annotation]
    categories: list[_Category]


def is_coco(listing: Listing) -> bool:
    """Whether there are images, and a file that seems to annotate them."""
    return listing.has_images() and has_coco(listing)


def has_coco(listing: Listing) -> bool:
    """Whether there is a file that seems to annotate images."""
    return bool(_annotation_files(listing))


def read_coco(listing: Listing) -> Iterator[Sample]:
    """``x, y, width, height`` in pixels stay as they are.

    Raises:
        InvalidInputError: a file is damaged, names an image that is not there or an id that it
            does not define, two files annotate one image, or a box does not lie in its image.
    """
    files = _annotation_files(listing)
    boxes: dict[str, list[LabeledBox]] = {}
    for file in files:
        found = _read_file(listing, file)
        if shared := boxes.keys() & found.keys():
            raise InvalidInputError(
                f"{listing.shown(file)}: {min(shared)} has boxes in another file of the data set "
                "too; keep one of them"
            )
        boxes |= found
    yield from boxed_samples(listing, listing.samples(files, ".json"), boxes)


def _annotation_files(listing: Listing) -> list[str]:
    return [name for name in listing.with_suffix(".json") if _may_be_coco(listing, name)]


def _may_be_coco(listing: Listing, name: str) -> bool:
    """Whether a file begins and ends like COCO; the whole of it may have hundreds of MB."""
    path = listing.path(name)
    try:
        with path.open("rb") as file:
            ends = file.read(_SNIFFED_BYTES)
            file.seek(max(len(ends), path.stat().st_size - _SNIFFED_BYTES))
            ends += file.read(_SNIFFED_BYTES)
    except OSError as error:
        raise InvalidInputError(f"cannot read {shown(path)}: {error.strerror or error}") from error
    is_object = ends.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{")
    return is_object and sum(mark in ends for mark in _MARKS) >= 2


def _read_file(listing: Listing, file: str) -> dict[str, list[LabeledBox]]:
    """The boxes of those images that have any."""
    document = read_json(listing.path(file), _Coco)
    images = {image.id: image for image in document.images}
    labels = {category.id: category.name for category in document.categories}
    names = {
        image.id: listing.find(image.file_name, file, f": image {image.id}")
        for image in document.images
    }
    boxes: dict[str, list[LabeledBox]] = {}
    for number, annotation in enumerate(document.annotations):
        where = f"{listing.shown(file)}: annotation {number} (counted from 0)"
        image = images.get(annotation.image_id)
        label = labels.get(annotation.category_id)
        if image is None:
            raise InvalidInputError(f"{where}: there is no image with the id {annotation.image_id}")
        if label is None:
            raise InvalidInputError(
                f"{where}: there is no category with the id {annotation.category_id}"
            )
        size = (image.width, image.height) if image.width and image.height else None
        boxes.setdefault(names[image.id], []).extend(
            fit_box(LabeledBox(label, *numbers), size, where)
            for numbers in _quadruples(annotation.bbox, where)
        )
    return boxes


def _quadruples(
    bbox: list[float | list[float]], where: str
) -> Iterator[tuple[float, float, float, float]]:
    """One box, or a list of boxes, as some tools write them."""
    for numbers in bbox if bbox and isinstance(bbox[0], list) else [bbox]:
        match numbers:
            case [int() | float() as x, int() | float() as y, int() | float() as w, h] if (
                isinstance(h, (int, float))
            ):
                yield x, y, w, h
            case _:
                raise InvalidInputError(f"{where}: bbox is {bbox}, expected x, y, width, height")
