"""The low-pass or high-pass filter in front of the analysis."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..._optional import need
from ...errors import InvalidInputError
from ..block import FloatArray
from .settings import Settings

__all__ = ["Butterworth", "make_filter"]


@dataclass(frozen=True)
class _Section:
    """w[t] = x[t] - a1 w[t-1] - a2 w[t-2]; y[t] = gain (w[t] +- 2 w[t-1] + w[t-2])."""

    denominator: FloatArray  # 1, a1, a2
    gain: float


class Butterworth:
    """Second-order sections one after the other, in the arithmetic of the SDK.

    The state is float32 and starts at zero, each section's output is computed in float64. SciPy's
    ``lfilter`` in float32 makes the same roundings for the recursive part, and the rest is a sum of
    shifted arrays, so the result is the SDK's to the bit. An odd order has the angles of that order
    but no section for the real pole, as in the SDK.

    Args:
        kind: ``"low"`` or ``"high"``.
        order: of the filter, at least 2.
        cutoff: in Hz, up to half the frequency.
        frequency: of the samples, in Hz.
    """

    def __init__(self, kind: str, order: int, cutoff: float, frequency: float) -> None:
        self._lfilter = need("scipy.signal", "the filter of spectral_analysis", "tensor").lfilter
        self._numerator = np.ones(1, np.float32)
        self._middle = 2.0 if kind == "low" else -2.0
        warped = float(np.float32(math.tan(math.pi * float(np.float32(cutoff)) / frequency)))
        angles = [math.pi * (2 * i + 1) / (2 * order) for i in range(order // 2)]
        self._sections = [_section(kind, warped, math.sin(angle)) for angle in angles]

    def apply(self, signal: FloatArray) -> FloatArray:
        """Filter along the last axis.

        Args:
            signal: float32, shape (axes, n).

        Returns:
            float32, shape (axes, n); a new array.
        """
        state = np.zeros((signal.shape[0], signal.shape[1] + 2))  # two zeros before the first
        middle = np.empty(signal.shape)
        for section in self._sections:
            state[:, 2:] = self._lfilter(self._numerator, section.denominator, signal)
            np.multiply(state[:, 1:-1], self._middle, middle)
            middle += state[:, 2:]
            middle += state[:, :-2]
            middle *= section.gain
            signal = middle.astype(np.float32)
        return signal


def _section(kind: str, warped: float, sine: float) -> _Section:
    square = float(np.float32(warped * warped))
    sine = float(np.float32(sine))
    total = float(np.float32(square + 2 * warped * sine + 1))
    first = np.float32(2 * float(np.float32(1 - square)) / total)
    second = np.float32(-(square - 2 * warped * sine + 1) / total)
    gain = float(np.float32((square if kind == "low" else 1) / total))
    return _Section(np.array([1, -first, -second], np.float32), gain)


def make_filter(settings: Settings, frequency: float) -> Butterworth | None:
    """The filter that the settings ask for, if they do.

    Args:
        settings: of the block.
        frequency: of the samples that are filtered, in Hz.

    Raises:
        InvalidInputError: the band lies above half the frequency.
    """
    kind, order, cutoff = settings.filter_type, settings.filter_order, settings.filter_cutoff
    if kind == "none" or order < 2:  # the first order has no section
        return None
    if np.float32(cutoff) > np.float32(frequency / 2):
        raise InvalidInputError(
            f"the field 'filter_cutoff' of the spectral_analysis block is {cutoff:g} Hz, expected "
            f"at most {frequency / 2:g}: half the frequency of the samples that are filtered"
        )
    return Butterworth(kind, order, cutoff, frequency)
