"""The discrete wavelet transform of all axes."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ..block import FloatArray

__all__ = ["WaveletTransform", "component_lengths"]

_NEGLIGIBLE = np.float32(1e-7)


def component_lengths(samples: int, taps: int, level: int) -> list[int]:
    """Coefficients in each component: the approximation, then details from coarse to fine."""
    lengths = []
    for _ in range(level):
        samples = (samples + taps - 1) // 2
        lengths.append(samples)
    return [lengths[-1], *reversed(lengths)]


class WaveletTransform:
    """A transform of several levels with symmetric extension at the borders.

    :attr:`components`, shape (level + 1, axes, longest), holds the approximation and the details
    from coarse to fine, each filled up with zeros; :attr:`lengths` are their true lengths.

    Args:
        filters: float32, shape (2, taps), low pass and high pass.
        level: number of levels.
        axes: number of signals.
        samples: their length, at least ``taps``.
    """

    def __init__(self, filters: FloatArray, level: int, axes: int, samples: int) -> None:
        self.lengths = component_lengths(samples, filters.shape[1], level)
        self.components = np.zeros((level + 1, axes, max(self.lengths)), np.float32)
        self._stages = []
        for step in range(level):
            self._stages.append(_Stage(filters, axes, samples))
            samples = self.lengths[level - step]

    def compute(self, signal: FloatArray) -> None:
        """Transform signals, float32 of the shape (axes, samples), into :attr:`components`."""
        for step, stage in enumerate(self._stages, 1):
            approximation, detail = stage.apply(signal)
            self.components[-step, :, : detail.shape[1]] = detail
            signal = approximation
        self.components[0, :, : signal.shape[1]] = signal


class _Stage:
    """One level: two convolutions that keep every second value."""

    def __init__(self, filters: FloatArray, axes: int, samples: int) -> None:
        taps = filters.shape[1]
        self._border = taps - 1
        self._extended = np.empty((axes, samples + 2 * self._border), np.float32)
        self._samples = slice(self._border, self._border + samples)
        length = (samples + self._border) // 2
        # each tap looks at every second sample, the last tap at the earliest ones
        views = sliding_window_view(self._extended, taps, axis=1)[:, 1::2]
        self._views = views.transpose(2, 0, 1)[:, None]
        self._filters = filters.T[::-1, :, None, None]
        self._products = np.empty((taps, 2, axes, length), np.float32)
        self._result = np.empty((2, axes, length), np.float32)

    def apply(self, signal: FloatArray) -> FloatArray:
        """Approximation and detail, shape (2, axes, length); overwritten by the next call."""
        extended, border = self._extended, self._border
        extended[:, self._samples] = signal
        extended[:, :border] = signal[:, border - 1 :: -1]
        extended[:, self._samples.stop :] = signal[:, : -border - 1 : -1]
        np.multiply(self._views, self._filters, self._products)
        # over the first axis NumPy adds one tap after the other
        np.add.reduce(self._products, axis=0, out=self._result)
        np.copyto(self._result, 0, where=np.abs(self._result) < _NEGLIGIBLE)
        return self._result
