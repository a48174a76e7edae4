"""Lines of values that are separated by commas, semicolons or blanks."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence

from ...errors import InvalidInputError
from .rows import TIMESTAMP, Columns, NumberedLine, Row, read_number, unnamed

__all__ = ["csv_columns"]

_BLANK = re.compile(r"\s")
_DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+")


def csv_columns(first: NumberedLine, axes: tuple[str, ...]) -> Columns:
    """What the first line tells, which may hold names.

    Raises:
        InvalidInputError: it has no meaning, or lacks an axis that is asked for.
    """
    separator = _separator(*first)
    head = _cells(*first, separator)
    if len(head) > 1 and not head[-1]:  # a separator at the end of a line ends it
        del head[-1]
    has_names = not all(map(_is_number, head))
    names = tuple(head) if has_names else axes or unnamed(len(head))
    if has_names:
        _check_names(first[0], names)
    chosen = axes or tuple(name for name in names if name.lower() != TIMESTAMP)
    places = [_place(name, names) for name in chosen]
    clock = next((i for i, name in enumerate(names) if name.lower() == TIMESTAMP), None)

    def read_row(line: NumberedLine) -> Row:
        number, cells = line[0], _cells(*line, separator)
        if len(cells) == len(names) + 1 and not cells[-1]:
            del cells[-1]
        if len(cells) != len(names):
            raise InvalidInputError(
                f"line {number} has {len(cells)} values, expected {len(names)} "
                f"({', '.join(names)}): {line[1][:200]}"
            )
        values = tuple(read_number(number, names[i], cells[i]) for i in places)
        return None if clock is None else read_number(number, names[clock], cells[clock]), values

    return Columns(chosen, read_row, has_header=has_names)


def _separator(number: int, line: str) -> str:
    """What separates the values of a first line: a semicolon, a comma or blanks."""
    found = next((mark for mark in ";," if mark in line), None)
    if found is not None or not _BLANK.search(line):
        return found or ","
    if all(map(_is_number, line.split())):
        return " "
    raise InvalidInputError(  # a greeting, or names that cannot be told from one
        f"line {number} is {line[:80]!r}: expected values or names that are separated by commas or "
        "semicolons; --skip-bad-lines leaves out lines that are something else"
    )


def _check_names(number: int, names: Sequence[str]) -> None:
    if wrong := next(filter(_DECIMAL_COMMA.fullmatch, names), None):
        raise InvalidInputError(
            f"line {number} has the value {wrong!r}, expected a decimal point: "
            f"{wrong.replace(',', '.')}"
        )
    if "" in names:
        raise InvalidInputError(f"line {number} has no name for its column {names.index('') + 1}")
    if len(set(names)) != len(names):
        raise InvalidInputError(f"the names in line {number} are not different: {', '.join(names)}")


def _cells(number: int, line: str, separator: str) -> list[str]:
    if separator == " ":
        return line.split()
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=separator, strict=True))]
    except csv.Error as error:
        raise InvalidInputError(f"line {number} is no CSV: {error}: {line[:200]}") from error


def _place(name: str, names: Sequence[str]) -> int:
    if name in names:
        return names.index(name)
    raise InvalidInputError(f"the stream has no axis {name!r}; it has {', '.join(names)}")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
