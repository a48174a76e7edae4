"""What an initialiser evaluates to, apart from numbers, booleans, texts and ``None``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = ["Aggregate", "Reference", "Value"]


@dataclass(frozen=True)
class Reference:
    """The name of a function, an array, a struct, or of a constant that is not known here."""

    name: str


@dataclass(frozen=True)
class Aggregate:
    """What stands between braces: values in order, and those that name their field."""

    items: list[Any] = field(default_factory=list)
    fields: dict[str, Any] = field(default_factory=dict)


Value = bool | int | float | str | None | Reference | Aggregate
