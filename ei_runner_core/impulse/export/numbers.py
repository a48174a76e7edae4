"""Numbers out of the fields of a struct, with one clear error where there is something else."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from ...errors import ModelFormatError
from .values import Reference

__all__ = ["as_whole", "is_set", "real", "reals", "whole", "wholes"]


def whole(fields: Mapping[str, Any], name: str, default: int | None = None) -> int:
    """A field that holds a whole number."""
    return as_whole(fields.get(name, default), name)


def real(fields: Mapping[str, Any], name: str, default: float | None = None) -> float:
    """A field that holds a finite number."""
    return _real(fields.get(name, default), name)


def is_set(fields: Mapping[str, Any], name: str) -> bool:
    """Whether a flag is set; constants whose name ends in NONE mean that it is not."""
    value = fields.get(name)
    return not value.name.endswith("NONE") if isinstance(value, Reference) else bool(value)


def wholes(values: Iterable[Any], what: str) -> tuple[int, ...]:
    """Whole numbers."""
    return tuple(as_whole(value, what) for value in values)


def reals(values: Iterable[Any], what: str) -> tuple[float, ...]:
    """Finite numbers."""
    return tuple(_real(value, what) for value in values)


def as_whole(value: Any, what: str) -> int:
    """A value that is a whole number."""
    number = _real(value, what)
    if not number.is_integer():
        raise ModelFormatError(f"{what} is {number}, expected a whole number")
    return int(value)


def _real(value: Any, what: str) -> float:
    if isinstance(value, int | float) and math.isfinite(value):
        return float(value)
    if value is None:
        raise ModelFormatError(f"{what} is not given; is the export complete?")
    shown = value.name if isinstance(value, Reference) else value
    raise ModelFormatError(f"{what} is {str(shown)[:60]!r}, expected a number")
