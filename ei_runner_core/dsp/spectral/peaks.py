"""The highest peaks of a spectrum."""

from __future__ import annotations

import numpy as np

from ..block import FloatArray

__all__ = ["PeakFinder"]

_LOOKED_AT = 10  # so many peaks in place of each one that is wanted


class PeakFinder:
    """Frequency and amplitude of the highest peaks, as version 1 of the block computes them.

    The frequency of a bin is a little too high: bins 0 to N/2 - 1 are spread evenly from 0 to half
    the sampling frequency.

    Args:
        length: of the FFT.
        frequency: of the samples, in Hz.
        count: number of peaks; missing ones are zeros.
        threshold: the amplitude that a peak must reach.
    """

    def __init__(self, length: int, frequency: float, count: int, threshold: float) -> None:
        self._count = count
        self._threshold = np.float32(threshold)
        self._unit = np.float32(2 / length)
        peaks = max(length // 2 - 1, 0)  # bins that have two neighbours
        interval = np.float32(1 / frequency)
        step = np.float32(1) / (2 * interval) / np.float32(max(peaks, 1))
        self._frequencies = np.arange(1, peaks + 1, dtype=np.float32) * step
        self._found = min(count, peaks)

    def into(self, magnitudes: FloatArray, out: FloatArray) -> None:
        """Find the peaks.

        Args:
            magnitudes: of the spectrum, shape (axes, N/2 + 1).
            out: float32, shape (axes, 2 * count).
        """
        out[...] = 0
        if not self._found:
            return
        amplitudes = magnitudes * self._unit
        middle = amplitudes[:, 1:-1]
        is_peak = (middle > amplitudes[:, :-2]) & (middle > amplitudes[:, 2:])
        is_peak &= np.cumsum(is_peak, axis=1) <= _LOOKED_AT * self._count
        is_peak &= middle >= self._threshold
        np.copyto(middle, 0, where=~is_peak)
        order = np.argsort(-middle, axis=1, kind="stable")[:, : self._found]
        heights = np.take_along_axis(middle, order, axis=1)
        out[:, 1 : 2 * self._found : 2] = heights
        out[:, : 2 * self._found : 2] = self._frequencies[order] * (heights != 0)
