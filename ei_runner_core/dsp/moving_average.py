"""The memory of the block ``flatten``: the means of the last windows."""

from __future__ import annotations

import numpy as np

from .block import FloatArray

__all__ = ["MovingAverage"]


class MovingAverage:
    """A ring of the last window means of each axis."""

    def __init__(self, windows: int, axes: int) -> None:
        self._ring = np.zeros((axes, windows), np.float32)
        self._sums = np.empty_like(self._ring)
        self._seen = 0

    def push_into(self, mean: FloatArray, out: FloatArray) -> None:
        """Add the means of a window and write the average over what the ring holds.

        Args:
            mean: float32, shape (axes,).
            out: float32, shape (axes,).
        """
        windows = self._ring.shape[1]
        self._ring[:, self._seen % windows] = mean
        self._seen += 1
        filled = min(self._seen, windows)
        # in the order of the ring, not of time: float32 sums depend on it
        sums = self._sums[:, :filled]
        np.add.accumulate(self._ring[:, :filled], axis=1, out=sums)
        np.divide(sums[:, -1], np.float32(filled), out)

    def clear(self) -> None:
        """Forget all windows."""
        self._seen = 0
