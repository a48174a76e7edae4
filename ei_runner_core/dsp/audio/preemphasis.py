"""Pre-emphasis: each sample minus a part of an earlier one, which lifts high frequencies."""

from __future__ import annotations

import numpy as np

from ...errors import InvalidInputError
from ..block import FloatArray

__all__ = ["Preemphasis"]


class Preemphasis:
    """y[i] = (x[i] - coefficient * x[i - shift]) * scale.

    The signal is a ring: its first samples are paired with its last ones, as in the C++ SDK.

    Args:
        coefficient: the part that is subtracted.
        shift: how many samples earlier.
        scale: what the result is multiplied with.

    Raises:
        InvalidInputError: the shift is not at least 1; the SDK aborts then, too.
    """

    def __init__(self, coefficient: float, shift: int = 1, scale: float = 1.0) -> None:
        if shift < 1:
            raise InvalidInputError(f"pre_shift is {shift}, expected at least 1 sample")
        self._coefficient = np.float32(coefficient)
        self._shift = shift
        self._scale = np.float32(scale)

    def __call__(self, signal: FloatArray) -> FloatArray:
        """The emphasised signal, in a new array of the same length.

        Raises:
            InvalidInputError: the signal is shorter than the shift.
        """
        shift = self._shift
        if shift > signal.size:
            raise InvalidInputError(
                f"the signal has {signal.size} samples, expected at least pre_shift ({shift})"
            )
        earlier = signal * self._coefficient
        emphasized: FloatArray = np.empty_like(earlier)
        np.subtract(signal[shift:], earlier[: signal.size - shift], emphasized[shift:])
        np.subtract(signal[:shift], earlier[signal.size - shift :], emphasized[:shift])
        if self._scale != 1:
            emphasized *= self._scale
        return emphasized
