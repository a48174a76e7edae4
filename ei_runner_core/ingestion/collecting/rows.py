"""What the formats of lines have in common: rows of numbers, and how a line becomes one."""

from __future__ import annotations

import math
from collections.abc import Callable

from msgspec import Struct

from ...errors import InvalidInputError

__all__ = ["TIMESTAMP", "Columns", "NumberedLine", "Row", "read_number", "unnamed"]

TIMESTAMP = "timestamp"
NumberedLine = tuple[int, str]
Row = tuple[float | None, tuple[float, ...]]
"""The time in ms, where the stream tells it, and one value for each axis."""


class Columns(Struct, frozen=True):
    """What the first line of a stream tells: its axes, and how a line becomes a row.

    ``has_header`` is whether the first line is no row itself.
    """

    axes: tuple[str, ...]
    read_row: Callable[[NumberedLine], Row]
    has_header: bool = False


def unnamed(count: int) -> tuple[str, ...]:
    """Names for axes that have none."""
    return tuple(f"axis{i}" for i in range(count))


def read_number(line: int, name: str, value: object) -> float:
    """A finite number of a column.

    Raises:
        InvalidInputError: it is none.
    """
    try:
        found = math.nan if isinstance(value, bool) else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        found = math.nan
    if not math.isfinite(found):
        raise InvalidInputError(f"line {line}: {name} is {value!r}, expected a finite number")
    return found
