"""Values that can be changed while a model runs, and read back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from ..errors import InvalidInputError
from ..fields import Field, read_fields

__all__ = ["Adjustable"]


class Adjustable:
    """What has such values: a subclass declares ``_limits`` and fills ``_now`` when it is made."""

    threshold_type: ClassVar[str] = ""
    """The word of the EIM protocol for the values; empty where there are none."""

    _limits: ClassVar[Mapping[str, Field]] = {}
    _now: dict[str, float]

    def thresholds(self) -> dict[str, float]:
        """The values that can be changed while the model runs, as they are now."""
        return dict(self._now) if self._limits else {}

    def set_threshold(self, **values: float) -> None:
        """Change some of these values.

        Raises:
            InvalidInputError: there is no value of that name, or a value is wrong; then nothing
                was changed.
        """
        if not values:
            known = ", ".join(self._limits) or "none"
            raise InvalidInputError(f"no value was given to change; there are: {known}")
        if unknown := [name for name in values if name not in self._limits]:
            self._refuse(unknown)
        owner = type(self).__name__.lower()
        checked = read_fields(owner, values, {name: self._limits[name] for name in values})
        self._now.update(checked)
        self._plan_limits()

    def _refuse(self, names: list[str]) -> None:
        known = ", ".join(self._limits) or "none"
        raise InvalidInputError(
            f"{type(self).__name__.lower()} has no value {', '.join(names)!r} to change; "
            f"it has: {known}"
        )

    def _plan_limits(self) -> None:
        """Take over what ``_now`` says; called after every change."""
