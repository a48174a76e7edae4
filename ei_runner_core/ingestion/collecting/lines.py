"""Readings of sensors from lines of text: CSV or JSON."""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, TypeVar

from msgspec import Struct

from ...errors import InvalidInputError

__all__ = ["LINE_FORMATS", "OnBadLine", "Readings", "read_lines"]

LINE_FORMATS = ("csv", "jsonl")
OnBadLine = Callable[[InvalidInputError], object]
"""Is told what is wrong with a line that is left out."""

_BLANK = re.compile(r"\s")
_DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+")
_NOTE_OF_SPREADSHEETS = re.compile(r"sep=.?", re.IGNORECASE)
_TIMESTAMP = "timestamp"
_LONGEST_LINE = 1_000_000


class Readings(Struct, frozen=True):
    """A stream of readings: the names of its axes, and its rows as they come.

    A row holds the time in ms, where the stream tells it, and one value for each axis.
    """

    axes: tuple[str, ...]
    rows: Iterator[tuple[float | None, tuple[float, ...]]]


def read_lines(
    lines: Iterable[str],
    *,
    line_format: str | None = None,
    axes: Sequence[str] = (),
    on_bad_line: OnBadLine | None = None,
) -> Readings:
    """Make readings of lines.

    CSV may begin with a line of names; a column ``timestamp`` is the time in ms. Its first line
    tells whether values are separated by semicolons, by commas or, where it is numbers, by blanks;
    one that spreadsheets write to say so, such as ``sep=;``, is not read.
    A line of JSON is an object of values by name, also with ``timestamp``, or a list of values.

    Args:
        lines: what a sensor prints.
        line_format: one of :data:`LINE_FORMATS`; None looks at the first line.
        axes: the names of the axes; those in the stream are chosen and ordered so. Needed where
            the stream has no names.
        on_bad_line: is told what is wrong with each bad line, which is then left out. With axes
            this holds for what comes before the first reading too, such as a greeting.

    Raises:
        InvalidInputError: the stream is empty, or its first line has no meaning; reading rows on
            raises it with the number of a bad line.
    """
    if line_format not in (*LINE_FORMATS, None):
        raise InvalidInputError(
            f"the format of the lines is {line_format!r}, expected {' or '.join(LINE_FORMATS)}"
        )
    numbered = ((n, line.strip()) for n, line in enumerate(lines, 1))
    told = (line for line in numbered if line[1] and not _NOTE_OF_SPREADSHEETS.fullmatch(line[1]))
    kept = _good(told, _checked, on_bad_line)

    def begun(first: _Numbered) -> Readings:
        chosen = line_format or ("jsonl" if first[1][0] in "[{" else "csv")
        read = _csv if chosen == "csv" else _json_lines
        return read(first, kept, tuple(axes), on_bad_line)

    readings = next(_good(kept, begun, on_bad_line), None)
    if readings is None:
        raise InvalidInputError("the stream ended before the first reading")
    return readings


_Numbered = tuple[int, str]
_Found = TypeVar("_Found")


def _good(
    lines: Iterable[_Numbered],
    read: Callable[[_Numbered], _Found],
    on_bad_line: OnBadLine | None,
) -> Iterator[_Found]:
    """What is read of lines, without the bad ones if these are told."""
    for line in lines:
        try:
            found = read(line)
        except InvalidInputError as error:  # noqa: PERF203 - each line has its own verdict
            if on_bad_line is None:
                raise
            on_bad_line(error)
        else:
            yield found


def _checked(line: _Numbered) -> _Numbered:
    number, text = line
    if len(text) > _LONGEST_LINE:
        raise InvalidInputError(
            f"line {number} has {len(text)} characters: no reading is so long; expected one "
            "reading a line"
        )
    return line


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


def _csv(
    first: _Numbered,
    rest: Iterator[_Numbered],
    axes: tuple[str, ...],
    on_bad_line: OnBadLine | None,
) -> Readings:
    separator = _separator(*first)
    head = _cells(*first, separator)
    if len(head) > 1 and not head[-1]:  # a separator at the end of a line ends it
        del head[-1]
    has_names = not all(map(_is_number, head))
    names = tuple(head) if has_names else axes or tuple(f"axis{i}" for i in range(len(head)))
    if has_names:
        _check_names(first[0], names)
    chosen = axes or tuple(name for name in names if name.lower() != _TIMESTAMP)
    places = [_place(name, names) for name in chosen]
    clock = next((i for i, name in enumerate(names) if name.lower() == _TIMESTAMP), None)

    def row(line: _Numbered) -> tuple[float | None, tuple[float, ...]]:
        cells = _cells(*line, separator)
        if len(cells) == len(names) + 1 and not cells[-1]:
            del cells[-1]
        if len(cells) != len(names):
            raise InvalidInputError(
                f"line {line[0]} has {len(cells)} values, expected {len(names)} "
                f"({', '.join(names)}): {line[1][:200]}"
            )
        values = tuple(_number(line[0], names[i], cells[i]) for i in places)
        return None if clock is None else _number(line[0], names[clock], cells[clock]), values

    return Readings(chosen, _good(rest if has_names else chain([first], rest), row, on_bad_line))


def _json_lines(
    first: _Numbered,
    rest: Iterator[_Numbered],
    axes: tuple[str, ...],
    on_bad_line: OnBadLine | None,
) -> Readings:
    head = _document(*first)
    if isinstance(head, Mapping):
        names = axes or tuple(name for name in head if name.lower() != _TIMESTAMP)
    else:
        names = axes or tuple(f"axis{i}" for i in range(len(head)))

    def row(line: _Numbered) -> tuple[float | None, tuple[float, ...]]:
        number, found = line[0], _document(*line)
        if isinstance(found, Mapping):
            lacking = [name for name in names if name not in found]
            if lacking:
                raise InvalidInputError(
                    f"line {number} has no value for {lacking[0]!r}, expected {', '.join(names)}"
                )
            time = found.get(_TIMESTAMP)
            values = tuple(_number(number, name, found[name]) for name in names)
            return None if time is None else _number(number, _TIMESTAMP, time), values
        if len(found) != len(names):
            raise InvalidInputError(
                f"line {number} has {len(found)} values, expected {len(names)} ({', '.join(names)})"
            )
        return None, tuple(_number(number, *pair) for pair in zip(names, found, strict=True))

    return Readings(names, _good(chain([first], rest), row, on_bad_line))


def _cells(number: int, line: str, separator: str) -> list[str]:
    if separator == " ":
        return line.split()
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=separator, strict=True))]
    except csv.Error as error:
        raise InvalidInputError(f"line {number} is no CSV: {error}: {line[:200]}") from error


def _document(number: int, line: str) -> Any:
    try:
        found = json.loads(line)
    except ValueError as error:
        raise InvalidInputError(f"line {number} is no JSON: {error}: {line[:200]}") from error
    except RecursionError:
        raise InvalidInputError(f"line {number} is nested too deeply") from None
    if not isinstance(found, (Mapping, list)):
        raise InvalidInputError(
            f"line {number} is {line[:200]}, expected an object of values by name, or a list"
        )
    return found


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


def _number(line: int, name: str, value: object) -> float:
    try:
        found = math.nan if isinstance(value, bool) else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        found = math.nan
    if not math.isfinite(found):
        raise InvalidInputError(f"line {line}: {name} is {value!r}, expected a finite number")
    return found
