"""Reading the config of a block: names, types and defaults of its fields, checked once."""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any

from .errors import InvalidInputError

__all__ = [
    "Field",
    "choice",
    "count",
    "flag",
    "number",
    "optional",
    "read_fields",
    "record",
    "records",
    "whole",
]

MAX_FLOAT32 = 3.4028234663852886e38
MAX_COUNT = 2**128


@dataclass(frozen=True)
class Field:
    """One field of a config: its default, what is accepted in words, and the check for it.

    ``convert`` returns the value in its final type or raises ValueError.
    """

    default: Any
    expected: str
    convert: Callable[[Any], Any]


def flag(default: bool) -> Field:
    """Either ``True`` or ``False``."""
    return Field(default, "true or false", _to_flag)


def number(default: float) -> Field:
    """A real number that is finite as float32, which is how blocks hold it."""
    return Field(default, "a finite number", _to_number)


def whole(default: int) -> Field:
    """A whole number; 3.0 counts as one."""
    return Field(default, "a whole number", _to_whole)


def count(default: int, most: int = MAX_COUNT) -> Field:
    """A whole number that is not negative; ``most`` bounds what is allocated for it."""
    expected = "a whole number of at least 0" if most == MAX_COUNT else f"a number from 0 to {most}"

    def to_count(value: Any) -> int:
        number = _to_whole(value)
        if not 0 <= number <= most:
            raise ValueError
        return number

    return Field(default, expected, to_count)


def choice(default: str, *others: str) -> Field:
    """One of some words; the first is the default."""
    words = (default, *others)

    def to_choice(value: Any) -> str:
        if not isinstance(value, str) or value not in words:
            raise ValueError
        return value

    return Field(default, " or ".join(map(repr, words)), to_choice)


def optional(field: Field) -> Field:
    """The same, but ``None`` where the config has none."""
    return Field(None, field.expected, field.convert)


def record(owner: str, fields: Mapping[str, Field], ignored: Collection[str] = ()) -> Field:
    """A mapping with fields of its own; see :func:`read_fields` for the arguments."""
    default = {name: field.default for name, field in fields.items()}
    return Field(default, "a mapping", lambda value: read_fields(owner, value, fields, ignored))


def records(owner: str, fields: Mapping[str, Field], ignored: Collection[str] = ()) -> Field:
    """A sequence of such mappings; there are none by default."""

    def to_records(value: Any) -> tuple[dict[str, Any], ...]:
        if not isinstance(value, (list, tuple)):
            raise ValueError
        return tuple(read_fields(owner, row, fields, ignored) for row in value)

    return Field((), "a list of mappings", to_records)


def read_fields(
    owner: str,
    config: Mapping[str, Any],
    fields: Mapping[str, Field],
    ignored: Collection[str] = (),
) -> dict[str, Any]:
    """The values of all fields, with defaults where the config has none.

    Args:
        owner: whose config it is, for the messages: "flatten block".
        config: the values by name.
        fields: what is known, by name.
        ignored: names that may stand there and mean nothing here.

    Raises:
        InvalidInputError: a field is unknown or of a wrong type.
    """
    if not isinstance(config, Mapping):
        raise InvalidInputError(
            f"the config of the {owner} must be a mapping from field names to values, got "
            f"{type(config).__name__}"
        )
    for name in config:
        if name not in fields and name not in ignored:
            known = ", ".join(fields) or "none"
            raise InvalidInputError(f"the {owner} has no field {name!r}; its fields are: {known}")
    return {
        name: _convert(owner, name, config[name], field) if name in config else field.default
        for name, field in fields.items()
    }


def _convert(owner: str, name: str, value: Any, field: Field) -> Any:
    try:
        return field.convert(value)
    except InvalidInputError:  # of a field within this one, which it names
        raise
    except (ValueError, OverflowError) as error:
        shown = reprlib.repr(value)
        raise InvalidInputError(
            f"the field {name!r} of the {owner} is {shown}, expected {field.expected}"
        ) from error


def _to_flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


def _to_number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, Real):
        raise ValueError
    real = float(value)
    if not abs(real) <= MAX_FLOAT32:  # also refuses NaN
        raise ValueError
    return real


def _to_whole(value: Any) -> int:
    real = _to_number(value)
    if not real.is_integer():
        raise ValueError
    return int(real)
