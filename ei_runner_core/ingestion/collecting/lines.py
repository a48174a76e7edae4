"""Readings of sensors from lines of text: CSV or JSON."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import TypeVar

from msgspec import Struct

from ...errors import InvalidInputError
from .csv_lines import csv_columns
from .json_lines import json_columns
from .rows import NumberedLine, Row

__all__ = ["LINE_FORMATS", "OnBadLine", "Readings", "read_lines"]

LINE_FORMATS = ("csv", "jsonl")
OnBadLine = Callable[[InvalidInputError], object]
"""Is told what is wrong with a line that is left out."""

_NOTE_OF_SPREADSHEETS = re.compile(r"sep=.?", re.IGNORECASE)
_LONGEST_LINE = 1_000_000
_Found = TypeVar("_Found")


class Readings(Struct, frozen=True):
    """A stream of readings: the names of its axes, and its rows as they come.

    A row holds the time in ms, where the stream tells it, and one value for each axis.
    """

    axes: tuple[str, ...]
    rows: Iterator[Row]


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

    def begun(first: NumberedLine) -> Readings:
        chosen = line_format or ("jsonl" if first[1][0] in "[{" else "csv")
        columns = (csv_columns if chosen == "csv" else json_columns)(first, tuple(axes))
        rows = kept if columns.has_header else chain([first], kept)
        return Readings(columns.axes, _good(rows, columns.read_row, on_bad_line))

    readings = next(_good(kept, begun, on_bad_line), None)
    if readings is None:
        raise InvalidInputError("the stream ended before the first reading")
    return readings


def _good(
    lines: Iterable[NumberedLine],
    read: Callable[[NumberedLine], _Found],
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


def _checked(line: NumberedLine) -> NumberedLine:
    number, text = line
    if len(text) > _LONGEST_LINE:
        raise InvalidInputError(
            f"line {number} has {len(text)} characters: no reading is so long; expected one "
            "reading a line"
        )
    return line
