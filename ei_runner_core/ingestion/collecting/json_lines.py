"""Lines of JSON: objects of values by name, or lists of values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ...errors import InvalidInputError
from .rows import TIMESTAMP, Columns, NumberedLine, Row, read_number, unnamed

__all__ = ["json_columns"]


def json_columns(first: NumberedLine, axes: tuple[str, ...]) -> Columns:
    """What the first line tells; it is a row itself.

    Raises:
        InvalidInputError: it is no JSON, or of another kind.
    """
    head = _document(*first)
    if isinstance(head, Mapping):
        names = axes or tuple(name for name in head if name.lower() != TIMESTAMP)
    else:
        names = axes or unnamed(len(head))

    def read_row(line: NumberedLine) -> Row:
        number, found = line[0], _document(*line)
        if isinstance(found, Mapping):
            return _row_of(found, number, names)
        if len(found) != len(names):
            raise InvalidInputError(
                f"line {number} has {len(found)} values, expected {len(names)} ({', '.join(names)})"
            )
        return None, tuple(read_number(number, *pair) for pair in zip(names, found, strict=True))

    return Columns(names, read_row)


def _row_of(found: Mapping[str, Any], number: int, names: tuple[str, ...]) -> Row:
    lacking = [name for name in names if name not in found]
    if lacking:
        raise InvalidInputError(
            f"line {number} has no value for {lacking[0]!r}, expected {', '.join(names)}"
        )
    time = found.get(TIMESTAMP)
    values = tuple(read_number(number, name, found[name]) for name in names)
    return None if time is None else read_number(number, TIMESTAMP, time), values


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
