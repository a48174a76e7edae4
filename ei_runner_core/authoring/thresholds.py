"""The values of an engine that can be changed, which it takes and may never tell again."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
from typing import Any

from ..errors import InvalidInputError
from ..parameters import BlockThresholds

__all__ = ["ThresholdTable"]

_LARGEST = 3.4028234663852886e38  # of float32


class ThresholdTable:
    """What was told at the beginning, with what was changed since.

    Args:
        blocks: as the engine has told them.
    """

    def __init__(self, blocks: tuple[BlockThresholds, ...]) -> None:
        self.now = blocks
        self._changed: dict[tuple[int, str], float] = {}

    @property
    def changed(self) -> tuple[tuple[int, str, float], ...]:
        """Block, name and value of all that an engine which is started anew has to hear."""
        return tuple((block, name, value) for (block, name), value in self._changed.items())

    def checked(self, block_id: int, values: Mapping[str, Any]) -> dict[str, float]:
        """The values as numbers of Python's own.

        Raises:
            InvalidInputError: there is no such block or name, or a value is no number of float32.
        """
        known = self.values(block_id)
        checked: dict[str, float] = {}
        for name, value in values.items():
            if name not in known:
                names = ", ".join(known) or "none"
                raise InvalidInputError(
                    f"the block {block_id} has no value {name!r} to set; it has: {names}"
                )
            number = _number(value)
            if number is None:
                raise InvalidInputError(
                    f"the value {name!r} of the block {block_id} is {value!r}, expected a number"
                )
            checked[name] = number
        return checked

    def values(self, block_id: int) -> Mapping[str, float]:
        """The values of a block.

        Raises:
            InvalidInputError: there is no such block.
        """
        for block in self.now:
            if block.id == block_id:
                return block.values
        ids = ", ".join(str(block.id) for block in self.now) or "none"
        raise InvalidInputError(
            f"there is no block {block_id!r} with values to set; there are: {ids}"
        )

    def set(self, block_id: int, values: Mapping[str, float]) -> None:
        """Note what the engine has taken."""
        self._changed |= {(block_id, name): float(value) for name, value in values.items()}
        self.now = tuple(
            BlockThresholds(block.id, block.type, {**block.values, **values})
            if block.id == block_id
            else block
            for block in self.now
        )


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, Real):
        return None
    try:
        number = float(value)
    except OverflowError:  # an integer beyond all floating-point numbers
        return None
    return number if abs(number) <= _LARGEST else None
