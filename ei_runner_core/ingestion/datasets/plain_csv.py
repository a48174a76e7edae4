"""Tables that list files with their labels or boxes."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

from ...contract.uploaders import LabeledBox, Sample
from ...errors import InvalidInputError
from .annotated import annotated_samples
from .boxes import box_between
from .documents import read_text, shown
from .listing import Listing

__all__ = ["is_plain_csv", "read_plain_csv"]

_DELIMITERS = ",;\t"
_LONGEST_HEADER = 4096
_FILE = ("file_name", "filename", "file")
_LABEL = ("class_name", "label", "class")
_LABELS = ("classes", *_LABEL)
_CORNERS = ("xmin", "ymin", "xmax", "ymax")

_Row = dict[str, str]


def is_plain_csv(listing: Listing) -> bool:
    """Whether a table has the columns of annotations."""
    return any(_delimiter(listing.path(name)) for name in listing.with_suffix(".csv"))


def read_plain_csv(listing: Listing) -> Iterator[Sample]:
    """A row ``file_name, class_name`` for each file, or one for each box.

    The latter are ``file_name, classes, xmin, ymin, xmax, ymax`` in pixels, with labels divided by
    ``;``. Other columns are passed over, and tables without these are samples.

    Raises:
        InvalidInputError: a table is damaged, names a file that is not there, gives it two labels,
            or a box has no area.
    """
    labels: dict[str, str] = {}
    boxes: dict[str, list[LabeledBox]] = {}
    tables = {
        name: delimiter
        for name in listing.with_suffix(".csv")
        if (delimiter := _delimiter(listing.path(name)))
    }
    for table, delimiter in tables.items():
        for line, row in _rows(listing.path(table), delimiter):
            position = f", line {line}"
            name = listing.find(_cell(row, _FILE), table, position)
            where = f"{listing.shown(table)}{position}"
            if row.keys() >= set(_CORNERS):
                boxes.setdefault(name, []).extend(_boxes(row, where))
            else:
                label = _cell(row, _LABEL)
                if labels.setdefault(name, label) != label:
                    raise InvalidInputError(
                        f"{where}: {name} has the label {label!r} here and {labels[name]!r} before"
                    )
    known = {name: label for name, label in labels.items() if label}
    yield from annotated_samples(listing, listing.samples(tables), boxes, known)


def _delimiter(path: Path) -> str:
    """What divides the columns of a table of annotations; "" where it is none."""
    try:
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            header = file.readline(_LONGEST_HEADER)
    except OSError as error:
        raise InvalidInputError(f"cannot read {shown(path)}: {error.strerror or error}") from error
    return next((mark for mark in _DELIMITERS if _is_header(_cells(header, mark))), "")


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return _header(next(csv.reader([line], delimiter=delimiter, strict=True), []))
    except csv.Error:
        return []


def _header(cells: list[str]) -> list[str]:
    return [cell.strip().lower() for cell in cells]


def _is_header(names: list[str]) -> bool:
    has_boxes = set(_CORNERS).issubset(names)
    return any(name in names for name in _FILE) and any(
        name in names for name in (_LABELS if has_boxes else _LABEL)
    )


def _rows(path: Path, delimiter: str) -> Iterator[tuple[int, _Row]]:
    """Each row with the line on which it ends, without empty ones."""
    reader = csv.reader(StringIO(read_text(path), newline=""), delimiter=delimiter, strict=True)
    try:
        names = _header(next(reader))
        for cells in reader:
            if not any(cells):
                continue
            if len(cells) < len(names):
                raise InvalidInputError(
                    f"{shown(path)}, line {reader.line_num}: it has {len(cells)} columns, "
                    f"expected {len(names)}"
                )
            yield reader.line_num, dict(zip(names, map(str.strip, cells), strict=False))
    except csv.Error as error:
        raise InvalidInputError(
            f"{shown(path)}, line {reader.line_num}: it is no CSV: {error}"
        ) from error


def _cell(row: _Row, names: tuple[str, ...]) -> str:
    return next(row[name] for name in names if name in row)


def _boxes(row: _Row, where: str) -> Iterator[LabeledBox]:
    if not any(row[corner] for corner in _CORNERS):  # an image without objects
        return
    left, top, right, bottom = (_number(row, corner, where) for corner in _CORNERS)
    for label in _cell(row, _LABELS).split(";"):
        yield box_between(label.strip(), left, top, right, bottom, None, where)


def _number(row: _Row, column: str, where: str) -> float:
    try:
        return float(row[column])
    except ValueError:
        raise InvalidInputError(
            f"{where}: {column} is {row[column]!r}, expected a number"
        ) from None
