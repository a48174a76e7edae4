"""Readings of sensors from lines of text: CSV or JSON."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from ...errors import InvalidInputError

__all__ = ["LINE_FORMATS", "Readings", "read_lines"]

LINE_FORMATS = ("csv", "jsonl")
_TIMESTAMP = "timestamp"
_LONGEST_LINE = 1_000_000


class Readings(Struct, frozen=True):
    """A stream of readings: the names of its axes, and its rows as they come.

    A row holds the time in ms, where the stream tells it, and one value for each axis.
    """

    axes: tuple[str, ...]
    rows: Iterator[tuple[float | None, tuple[float, ...]]]


def read_lines(
    lines: Iterable[str], *, line_format: str | None = None, axes: Sequence[str] = ()
) -> Readings:
    """Make readings of lines.

    CSV may begin with a line of names; a column ``timestamp`` is the time in ms. A line of JSON is
    an object of values by name, also with ``timestamp``, or a list of values.

    Args:
        lines: what a sensor prints.
        line_format: one of :data:`LINE_FORMATS`; None looks at the first line.
        axes: the names of the axes; those in the stream are chosen and ordered so. Needed where
            the stream has no names.

    Raises:
        InvalidInputError: the stream is empty, or its first line has no meaning; reading rows on
            raises it with the number of a bad line.
    """
    numbered = ((n, line.strip()) for n, line in enumerate(lines, 1))
    kept = ((n, _checked(n, line)) for n, line in numbered if line)
    first = next(kept, None)
    if first is None:
        raise InvalidInputError("the stream ended before the first reading")
    chosen = line_format or ("jsonl" if first[1][0] in "[{" else "csv")
    if chosen not in LINE_FORMATS:
        raise InvalidInputError(
            f"the format of the lines is {line_format!r}, expected {' or '.join(LINE_FORMATS)}"
        )
    return (_csv if chosen == "csv" else _json_lines)(first, kept, tuple(axes))


def _checked(number: int, line: str) -> str:
    if len(line) > _LONGEST_LINE:
        raise InvalidInputError(
            f"line {number} has {len(line)} characters: no reading is so long; expected one "
            "reading a line"
        )
    return line


_Numbered = tuple[int, str]


def _csv(first: _Numbered, rest: Iterator[_Numbered], axes: tuple[str, ...]) -> Readings:
    head = _cells(*first)
    has_names = not all(map(_is_number, head))
    names = tuple(head) if has_names else axes or tuple(f"axis{i}" for i in range(len(head)))
    if has_names and len(set(names)) != len(names):
        raise InvalidInputError(f"the names in line {first[0]} are not different: {first[1]}")
    chosen = axes or tuple(name for name in names if name.lower() != _TIMESTAMP)
    places = [_place(name, names) for name in chosen]
    clock = next((i for i, name in enumerate(names) if name.lower() == _TIMESTAMP), None)

    def rows() -> Iterator[tuple[float | None, tuple[float, ...]]]:
        if not has_names:
            yield row(first)
        for line in rest:
            yield row(line)

    def row(line: _Numbered) -> tuple[float | None, tuple[float, ...]]:
        cells = _cells(*line)
        if len(cells) != len(names):
            raise InvalidInputError(
                f"line {line[0]} has {len(cells)} values, expected {len(names)} "
                f"({', '.join(names)}): {line[1][:200]}"
            )
        values = tuple(_number(line[0], names[i], cells[i]) for i in places)
        return None if clock is None else _number(line[0], names[clock], cells[clock]), values

    return Readings(chosen, rows())


def _json_lines(first: _Numbered, rest: Iterator[_Numbered], axes: tuple[str, ...]) -> Readings:
    head = _document(*first)
    if isinstance(head, Mapping):
        names = axes or tuple(name for name in head if name.lower() != _TIMESTAMP)
    else:
        names = axes or tuple(f"axis{i}" for i in range(len(head)))

    def rows() -> Iterator[tuple[float | None, tuple[float, ...]]]:
        yield row(first[0], head)
        for number, line in rest:
            yield row(number, _document(number, line))

    def row(number: int, found: Any) -> tuple[float | None, tuple[float, ...]]:
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

    return Readings(names, rows())


def _cells(number: int, line: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader([line], strict=True))]
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
