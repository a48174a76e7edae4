"""The spectrum that keeps the largest power of each frequency over a window."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..block import FloatArray

__all__ = ["MaxHoldSpectrum"]


class MaxHoldSpectrum:
    """Power spectra of the segments of a window, and their maximum, axis by axis.

    Segments start every ``length`` samples, or twice as often with overlap, as long as there are
    samples; the last ones are filled up with zeros. :attr:`signal`, shape (axes, samples), is where
    the window goes.

    Args:
        rfft: SciPy's, which keeps float32.
        axes: number of rows.
        samples: their length.
        length: of the FFT, an even number.
        overlap: whether segments overlap by half.
    """

    def __init__(
        self, rfft: Callable[..., Any], axes: int, samples: int, length: int, overlap: bool
    ) -> None:
        self._rfft = rfft
        hop = length // 2 if overlap else length
        padded = np.zeros((axes, (samples - 1) // hop * hop + length), np.float32)
        self.signal = padded[:, :samples]
        segments = np.lib.stride_tricks.sliding_window_view(padded, length, axis=1)
        self._segments = segments[:, ::hop]
        self._inverse_length = np.float64(1 / length)
        self._largest = np.empty((axes, length // 2 + 1), np.float32)

    def compute(self) -> FloatArray:
        """The largest powers, shape (axes, bins); they are overwritten by the next call."""
        largest = self._largest
        parts = self._rfft(self._segments).view(np.float32)
        np.multiply(parts, parts, parts)
        np.maximum.reduce(parts[..., ::2] + parts[..., 1::2], axis=1, out=largest)
        # of a magnitude in float32, as the SDK computes it; rounding keeps the order
        np.sqrt(largest, largest)
        np.multiply(largest, largest, largest)
        np.multiply(largest, self._inverse_length, largest, dtype=np.float64, casting="same_kind")
        return largest
