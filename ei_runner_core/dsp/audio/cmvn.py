"""Normalising a matrix of features: over a sliding window of rows, or to the range 0..1."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...errors import InvalidInputError
from ..block import FloatArray

__all__ = ["MAX_ROWS", "SlidingNormalizer", "scale_to_unit_range"]

MAX_ROWS = 2**16 - 1
"""The longest window: what the SDK's 16 bits hold."""

_TILE = 2**16  # values in one piece of the deviations: they stay in the cache
_MAX_VALUES = 2**22
_TINY = 1e-10
_SMALLEST_RANGE = np.float32(0.001)


class SlidingNormalizer:
    """Subtracts from each row the mean of the rows around it, and divides by their deviation.

    Beyond its ends the matrix is mirrored. Sums run from left to right in float32: silence gives
    nothing but the residue of their rounding.

    Args:
        rows: how many rows a window holds.
        columns: how many columns the matrix has.
        variance: whether to divide, too.

    Raises:
        InvalidInputError: a window would take absurdly much memory.
    """

    def __init__(self, rows: int, columns: int, variance: bool) -> None:
        if rows * columns > _MAX_VALUES:
            raise InvalidInputError(
                f"win_size is {rows}, expected at most {_MAX_VALUES // columns} for {columns} "
                "features a frame"
            )
        self._rows = rows
        self._count = np.float32(rows)
        self._variance = variance
        self._mirror: npt.NDArray[np.intp] = np.empty(0, np.intp)
        self._mirrored_rows = 0

    def __call__(self, matrix: FloatArray, out: FloatArray) -> None:
        """Normalise ``matrix``, shape (rows, columns), into ``out``, C-contiguous.

        Args:
            matrix: float32, any strides; it is only read.
            out: float32 of the same shape.
        """
        windows = self._windows(matrix)
        mean = np.add.reduce(windows, 0)
        mean /= self._count
        np.subtract(matrix, mean.reshape(out.shape), out)
        if self._variance:
            deviation = self._deviation(self._windows(out)).reshape(out.shape)
            np.divide(out, deviation.astype(np.float64) + _TINY, out=out, casting="same_kind")

    def _windows(self, matrix: FloatArray) -> FloatArray:
        """The window of each value as a column, shape (window, values): a view that overlaps."""
        if len(matrix) != self._mirrored_rows:
            self._mirror = _mirror(len(matrix), self._rows)
            self._mirrored_rows = len(matrix)
        padded = matrix.take(self._mirror, axis=0)
        shape, strides = (self._rows, matrix.size), (padded.strides[0], padded.itemsize)
        windows: FloatArray = np.ndarray(shape, np.float32, padded, 0, strides)
        return windows

    def _deviation(self, windows: FloatArray) -> FloatArray:
        mean = np.add.reduce(windows, 0)
        mean /= self._count
        squares = np.empty(windows.shape[1], np.float32)
        tile = max(1, _TILE // self._rows)
        for start in range(0, squares.size, tile):
            part = slice(start, start + tile)
            deviations = windows[:, part] - mean[part]
            np.multiply(deviations, deviations, deviations)
            np.add.reduce(deviations, 0, out=squares[part])
        squares /= self._count
        return np.sqrt(squares, squares)


def scale_to_unit_range(values: FloatArray) -> None:
    """Map the smallest value to 0 and the largest to 1, in place; nearly flat ones are shifted."""
    low = values.min()
    span = values.max() - low
    values -= low
    if span >= _SMALLEST_RANGE:
        values *= np.float32(1) / span


def _mirror(rows: int, window: int) -> npt.NDArray[np.intp]:
    before = (window - 1) // 2
    index = np.arange(-before, rows + window - 1 - before) % (2 * rows)
    return np.minimum(index, 2 * rows - 1 - index)
