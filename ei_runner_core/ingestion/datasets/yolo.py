"""YOLO: a text file for each image, with boxes as fractions of its size."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from ..._optional import need
from ...contract.uploaders import LabeledBox, Sample
from ...errors import InvalidInputError
from .annotated import boxed_sample
from .boxes import fit_box
from .categories import category_in
from .documents import read_text, shown
from .listing import IMAGE_SUFFIXES, Listing, split_path
from .yolo_names import ClassNames, is_names_file

__all__ = ["has_yolo", "is_yolo", "read_yolo"]

_MAX_BYTES = 16 * 1024 * 1024
_MOST_LOOKED_AT = 100
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_LINE = re.compile(rf"\s*\d+(?:\s+{_NUMBER}){{4}}\s*")


def is_yolo(listing: Listing) -> bool:
    """There are texts to images, and class names; or the texts look like boxes."""
    texts = list(_texts_by_image(listing).values())
    if texts and any(is_names_file(listing, name) for name in listing.names):
        return True
    return any(_has_boxes(listing.path(name)) for name in texts[:_MOST_LOOKED_AT])


def has_yolo(listing: Listing) -> bool:
    """Whether there are texts to images, or at least texts with boxes."""
    texts = listing.with_suffix(".txt")[:_MOST_LOOKED_AT]
    return bool(_texts_by_image(listing)) or any(_has_boxes(listing.path(name)) for name in texts)


def read_yolo(listing: Listing) -> Iterator[Sample]:
    """Boxes in pixels and not rounded. The size is read from the head of the image.

    The text of ``images/.../a.jpg`` is ``labels/.../a.txt``, ``a.txt`` beside it or in a folder
    ``labels`` beside it, or the only ``a.txt`` of its category.

    Raises:
        InvalidInputError: a text is damaged, has no image, or names a class that there is not; an
            image cannot be read, or a box does not lie in it.
        BackendUnavailableError: a library of the extra ``datasets`` is missing.
    """
    texts = _texts_by_image(listing)
    names = ClassNames(listing)
    used = names.files | set(texts.values())
    for name in listing.with_suffix(".txt"):
        if name not in used and _has_boxes(listing.path(name)):
            raise InvalidInputError(
                f"{listing.shown(name)} holds boxes, but there is no image of that name; add it "
                "or remove its boxes"
            )
    for name in listing.samples(used, ".txt"):
        text = texts.get(name)
        boxes = tuple(_read_text(listing, text, name, names)) if text else ()
        yield boxed_sample(listing, name, boxes)


def _texts_by_image(listing: Listing) -> dict[str, str]:
    images = listing.with_suffix(*IMAGE_SUFFIXES)
    found = {name: text for name in images if (text := _text_of(listing, name))}
    return found | _only_texts(listing, images, found)


def _text_of(listing: Listing, image: str) -> str | None:
    folders, last = split_path(image)
    text = f"{last.rpartition('.')[0]}.txt"
    places = [folders, [*folders, "labels"]]
    if "images" in folders:
        last_one = len(folders) - 1 - folders[::-1].index("images")
        places.insert(0, [*folders[:last_one], "labels", *folders[last_one + 1 :]])
    candidates = ("/".join([*place, text]) for place in places)
    return next((name for name in candidates if name in listing.present), None)


def _only_texts(listing: Listing, images: list[str], found: dict[str, str]) -> dict[str, str]:
    """Texts that lie elsewhere: the one of that name and category, for the one such image."""
    used = set(found.values())
    texts, pictures = defaultdict(list), defaultdict(list)
    for name in listing.with_suffix(".txt"):
        if name not in used:
            texts[_key(name)].append(name)
    for name in images:
        if name not in found:
            pictures[_key(name)].append(name)
    return {
        pictures[key][0]: names[0]
        for key, names in texts.items()
        if len(names) == 1 and len(pictures.get(key, ())) == 1
    }


def _key(name: str) -> tuple[str, str | None]:
    folders, last = split_path(name)
    return last.rpartition(".")[0], category_in(folders)


def _has_boxes(path: Path) -> bool:
    """Whether the first line of a text looks like a box."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return bool(_LINE.fullmatch(file.readline(1024)))
    except OSError as error:
        raise InvalidInputError(f"cannot read {shown(path)}: {error.strerror or error}") from error


def _read_text(listing: Listing, text: str, image: str, names: ClassNames) -> Iterator[LabeledBox]:
    path = listing.path(text)
    lines = [line.split() for line in read_text(path, _MAX_BYTES).splitlines()]
    size = _size(listing.path(image)) if any(lines) else (0, 0)
    file = shown(path)
    for number, cells in enumerate(lines, 1):
        if cells:
            where = f"{file}, line {number}"
            index, fractions = _numbers(cells, where)
            yield _box(names.label(text, index, where), fractions, size, where)


def _numbers(cells: list[str], where: str) -> tuple[int, list[Decimal]]:
    """The class and the box: as decimals, since what is written is not always a float's value."""
    fractions: list[Decimal]
    try:
        index, fractions = int(cells[0]), list(map(Decimal, cells[1:]))
    except (ArithmeticError, ValueError):
        fractions = []
    if len(fractions) != 4:
        raise InvalidInputError(
            f"{where}: it is {' '.join(cells)[:80]!r}, expected the number of a class and x, y, "
            "width, height as fractions of the image"
        )
    return index, fractions


def _box(label: str, fractions: list[Decimal], size: tuple[int, int], where: str) -> LabeledBox:
    """A box by its centre and extent. Fractions above 1 are refused as outside of the image."""
    try:
        x, width = fractions[0] * size[0], fractions[2] * size[0]
        y, height = fractions[1] * size[1], fractions[3] * size[1]
        numbers = map(float, (x - width / 2, y - height / 2, width, height))
        box = LabeledBox(label, *numbers)
    except ArithmeticError:
        raise InvalidInputError(f"{where}: it holds numbers that are no fractions") from None
    return fit_box(box, size, where)


def _size(image: Path) -> tuple[int, int]:
    """Width and height of an image in pixels; only its head is read."""
    pillow = need("PIL.Image", "reading a YOLO data set", "datasets")
    try:
        with pillow.open(image) as opened:
            size: tuple[int, int] = opened.size
    except Exception as error:  # Pillow lets out whatever a damaged head leads to
        raise InvalidInputError(f"cannot read the size of {shown(image)}: {error}") from error
    return size
