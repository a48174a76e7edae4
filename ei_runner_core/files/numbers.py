"""Numbers written as text: tables (CSV) and plain lists, as Studio's "copy features" gives them."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import InvalidInputError

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["decode_text", "parse_features", "parse_table"]

_SEPARATORS = re.compile(r"[,;\s]+")
_HEXADECIMAL = re.compile(r"0[xX][0-9a-fA-F]{1,15}")
_WHOLE = re.compile(r"[+-]?\d{1,18}")  # what certainly fits into int64
_TIME_COLUMNS = ("timestamp", "time")


def decode_text(content: bytes) -> str:
    """The text of a content in UTF-8, with or without a byte order mark."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInputError(
            f"it is not text in UTF-8 (byte {error.start} is 0x{content[error.start]:02x}); "
            "save it as UTF-8"
        ) from error


def parse_features(text: str) -> npt.NDArray[Any]:
    """Numbers that are separated by commas, semicolons or blanks, decimal or as ``0xRRGGBB``.

    Returns:
        int64 if all of them are whole, else float64; shape (n,).

    Raises:
        InvalidInputError: there is none, or one is not a number.
    """
    cells = [cell for cell in _SEPARATORS.split(text) if cell]
    if not cells:
        raise InvalidInputError("it holds no numbers; expected some, such as 0.1, 0.2, 0.3")
    return _array([_number(cell, f"value {i}") for i, cell in enumerate(cells, 1)])


def parse_table(text: str) -> npt.NDArray[Any]:
    """A table of numbers: rows are time steps, columns are axes.

    The columns are separated by commas, semicolons or blanks (whatever comes first in this order
    and occurs at all). A first row without numbers is a header; a first column that it calls
    ``timestamp`` or ``time`` is left out.

    Returns:
        int64 if all values are whole, else float64; shape (rows, columns).

    Raises:
        InvalidInputError: there are no numbers, one is not a number, or a row is shorter or
            longer than the first one.
    """
    rows = list(_rows(text))
    skipped = 0
    if len(rows) > 1 and (header := _header(rows[0][1])):
        skipped = int(header[0] in _TIME_COLUMNS)
        del rows[0]
    if not rows or len(rows[0][1]) == skipped:
        raise InvalidInputError("it holds no numbers; expected rows such as 0.1,0.2,0.3")
    width = len(rows[0][1])
    for line, cells in rows:
        if len(cells) != width:
            raise InvalidInputError(
                f"line {line} has {len(cells)} values, expected {width} as in line {rows[0][0]}"
            )
    return _array(
        [[_number(cell, f"line {line}") for cell in cells[skipped:]] for line, cells in rows]
    )


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """The cells of each line that is not empty, with the line's number."""
    for number, cells in enumerate(_split(text), 1):
        stripped = [cell.strip() for cell in cells]
        if stripped and not stripped[-1]:
            del stripped[-1]  # a separator at the end of a line ends it
        if stripped:
            yield number, stripped


def _split(text: str) -> Iterator[list[str]]:
    lines = text.splitlines()
    delimiter = next((char for char in ";," if char in text), None)
    if delimiter is None:
        yield from (line.split() for line in lines)
        return
    try:
        yield from csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
    except csv.Error as error:
        raise InvalidInputError(f"it is not a table: {error}") from error


def _header(cells: Sequence[str]) -> list[str]:
    """The names of the columns if a row is a header, else nothing."""
    names = [cell.lower() for cell in cells]
    if names[0] in _TIME_COLUMNS or not any(map(_is_number, cells)):
        return names
    return []


def _is_number(cell: str) -> bool:
    try:
        _number(cell, "")
    except InvalidInputError:
        return False
    return True


def _number(cell: str, where: str) -> int | float:
    number = None if "_" in cell else _parse(cell)  # Python reads 1_000, data files mean no such
    if number is None:
        shown = cell if len(cell) <= 40 else f"{cell[:40]}..."
        raise InvalidInputError(
            f"{where}: {shown!r} is not a number; write it like 0.25 or 0xff8800 and separate "
            "values by comma, semicolon or blank"
        )
    return number


def _parse(cell: str) -> int | float | None:
    try:
        number = float(cell)
    except ValueError:
        return int(cell, 16) if _HEXADECIMAL.fullmatch(cell) else None
    return int(cell) if _WHOLE.fullmatch(cell) else number


def _array(numbers: list[Any]) -> npt.NDArray[Any]:
    import numpy as np

    return np.asarray(numbers)
