"""Powers as decibels between a noise floor and a ceiling of 12 dB, mapped to 0..1."""

from __future__ import annotations

import numpy as np

from ...errors import InvalidInputError
from ..block import FloatArray
from ..logarithms import cheap_log10

__all__ = ["Decibels", "round_to_steps"]

_CEILING = 12
_SMALLEST = np.float32(1e-30)
_STEPS = np.float32(256)


class Decibels:
    """Maps the noise floor to 0 and 12 dB to 1, without limits on either side.

    Args:
        noise_floor: in dB, below 12.

    Raises:
        InvalidInputError: the noise floor is not below the ceiling.
    """

    def __init__(self, noise_floor: int) -> None:
        if noise_floor >= _CEILING:
            raise InvalidInputError(
                f"noise_floor_db is {noise_floor}, expected less than {_CEILING}"
            )
        self._offset = np.float32(-noise_floor)
        self._factor = np.float32(1) / np.float32(_CEILING - noise_floor)

    def __call__(self, powers: FloatArray) -> FloatArray:
        """The mapped values, in a new array of the same shape and memory order."""
        levels: FloatArray = np.maximum(powers, _SMALLEST)
        cheap_log10(levels, levels)
        levels *= np.float32(10)
        levels += self._offset
        levels *= self._factor
        return levels


def round_to_steps(values: FloatArray) -> None:
    """Clip to 0..1 and round to multiples of 1/256, halves up, in place."""
    values *= _STEPS
    np.maximum(values, np.float32(0), out=values)
    np.minimum(values, _STEPS, out=values)
    whole = np.floor(values)
    values -= whole
    whole += values >= np.float32(0.5)
    np.divide(whole, _STEPS, values)
