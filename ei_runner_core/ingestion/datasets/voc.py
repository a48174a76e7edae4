"""Pascal VOC: an XML file for each image."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

from ...contract.uploaders import LabeledBox, Sample
from ...errors import InvalidInputError
from .annotated import boxed_samples
from .boxes import Size, box_between
from .documents import read_bytes, shown
from .listing import IMAGE_SUFFIXES, Listing
from .walking import suffix_of

__all__ = ["is_voc", "read_voc"]

_SNIFFED_BYTES = 4096
_MAX_BYTES = 16 * 1024 * 1024
_CORNERS = ("xmin", "ymin", "xmax", "ymax")
_MASKS = ("SegmentationClass", "SegmentationObject")


class _DoctypeError(Exception):
    """A document declares what it may not."""


class _Builder(ET.TreeBuilder):
    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        """Entities, which can grow without bound, need a declaration before them."""
        raise _DoctypeError


def is_voc(listing: Listing) -> bool:
    """Whether one of the XML files is an annotation."""
    return any(_is_annotation(listing.path(name)) for name in listing.with_suffix(".xml"))


def read_voc(listing: Listing) -> Iterator[Sample]:
    """``x = xmin`` and ``width = xmax - xmin``, in pixels, without corrections by one.

    The lists of names and the masks of a whole VOC data set are no samples.

    Raises:
        InvalidInputError: a file is damaged, names an image that is not there, or a box does not
            lie in its image.
    """
    listing = listing.without_folders(*_MASKS)
    boxes: dict[str, list[LabeledBox]] = {}
    files = []
    for file in listing.with_suffix(".xml"):
        path = listing.path(file)
        content = read_bytes(path, _MAX_BYTES)
        if not _seems_annotation(content):
            continue
        files.append(file)
        root = _parse(content, path)
        found = _boxes(root, shown(path))
        if found:
            boxes.setdefault(_image_of(listing, file, root), []).extend(found)
    yield from boxed_samples(listing, listing.samples(files, ".xml", ".txt"), boxes)


def _is_annotation(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return _seems_annotation(file.read(_SNIFFED_BYTES))
    except OSError as error:
        raise InvalidInputError(f"cannot read {shown(path)}: {error.strerror or error}") from error


def _seems_annotation(content: bytes) -> bool:
    return b"<annotation" in content[:_SNIFFED_BYTES].replace(b"\0", b"")  # UTF-16


def _parse(content: bytes, path: Path) -> ET.Element:
    parser = ET.XMLParser(target=_Builder())  # noqa: S314 - without a DOCTYPE it is bounded
    try:
        parser.feed(content)
        root: ET.Element = parser.close()
    except ET.ParseError as error:
        line, _ = error.position
        raise InvalidInputError(f"{shown(path)}, line {line}: it is no XML: {error}") from error
    except (_DoctypeError, LookupError, ValueError) as error:  # the latter: unknown encodings
        what = "a DOCTYPE, which" if isinstance(error, _DoctypeError) else "an encoding which"
        raise InvalidInputError(
            f"{shown(path)} declares {what} annotations do not need; remove it"
        ) from None
    return root


def _image_of(listing: Listing, file: str, root: ET.Element) -> str:
    stated = (root.findtext("filename") or "").strip()
    if stated and (found := listing.look_for(stated, file, "")):
        return found
    stem = file.rpartition("/")[2].rpartition(".")[0]
    for suffix in sorted({suffix_of(name) for name in listing.names} & IMAGE_SUFFIXES):
        if found := listing.look_for(stem + suffix, file, ""):
            return found
    raise InvalidInputError(
        f"{listing.shown(file)}: there is no image {stated or stem!r} in the data set; add it or "
        "remove its annotations"
    )


def _boxes(root: ET.Element, where: str) -> list[LabeledBox]:
    size = _size(root, where)
    return [
        _box(found, size, f"{where}: object {number}")
        for number, found in enumerate(root.findall("object"), 1)
    ]


def _size(root: ET.Element, where: str) -> Size:
    """The size that is stated; tools that do not know it write 0."""
    width, height = (root.findtext(f"size/{side}") for side in ("width", "height"))
    if not width or not height:
        return None
    numbers = _number(width, "width", where), _number(height, "height", where)
    return numbers if all(numbers) else None


def _box(found: ET.Element, size: Size, where: str) -> LabeledBox:
    label = (found.findtext("name") or "").strip()
    if not label:
        raise InvalidInputError(f"{where}: it has no name, which is its label")
    left, top, right, bottom = (
        _number(found.findtext(f"bndbox/{corner}"), corner, where) for corner in _CORNERS
    )
    return box_between(label, left, top, right, bottom, size, where)


def _number(text: str | None, name: str, where: str) -> float:
    try:
        return float(text or "")
    except ValueError:
        raise InvalidInputError(f"{where}: {name} is {text!r}, expected a number") from None
