"""Picking the axes that a block sees, so that no block has to care."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..contract import Preprocessor
from .block import FloatArray, sample_count

__all__ = ["AxisSelection"]


class AxisSelection(Preprocessor):
    """Hands some axes of each window to a block.

    Args:
        block: what works on them.
        axes: the indices of the axes, in the order in which the block gets them.
        axis_count: the number of interleaved axes in a window.
    """

    def __init__(self, block: Preprocessor, axes: tuple[int, ...], axis_count: int) -> None:
        self._block = block
        self._axes = np.array(axes, np.intp)
        self._axis_count = axis_count
        self._picked: FloatArray = np.empty((0, len(axes)), np.float32)
        self.can_stream = block.can_stream

    def extract(self, window: FloatArray) -> FloatArray:
        """See :meth:`Preprocessor.extract`."""
        return self._block.extract(self._pick(window))

    def extract_into(self, window: FloatArray, out: FloatArray) -> None:
        """See :meth:`Preprocessor.extract_into`."""
        self._block.extract_into(self._pick(window), out)

    def extract_slice(self, piece: FloatArray) -> FloatArray:
        """See :meth:`Preprocessor.extract_slice`."""
        features = self._block.extract_slice(self._pick(piece))
        self.streamed = self._block.streamed
        return features

    def reset(self) -> None:
        """See :meth:`Preprocessor.reset`."""
        self._block.reset()
        self.streamed = self._block.streamed

    def _pick(self, window: FloatArray) -> npt.NDArray[np.float32]:
        samples = sample_count(window.size, self._axis_count)
        if samples != len(self._picked):
            self._picked = np.empty((samples, self._axes.size), np.float32)
        table = window.reshape(samples, self._axis_count)
        # "clip" only because NumPy buffers the output of the mode that checks; axes are checked
        table.take(self._axes, axis=1, out=self._picked, mode="clip")
        return self._picked.reshape(-1)
