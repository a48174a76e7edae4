"""Moments of rows of samples, summed from left to right in float32.

The C++ SDK adds in that order. Only a cumulative sum promises it: NumPy's plain sum adds in another
one, which shows in long windows and nearly constant signals.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["PowerMeans", "RowMeans", "kurtosis", "skewness"]

_FloatArray = npt.NDArray[np.float32]


class RowMeans:
    """Means over the last axis of arrays of one shape.

    :attr:`result` holds the means of the last call and :attr:`totals` the sums, both with a last
    axis of 1.

    Args:
        shape: of the arrays.
        lengths: what sums are divided by: one number, or one for each row, broadcast against the
            shape with a last axis of 1. The number of columns if not given; rows that are padded
            with zeros have a smaller one.
    """

    def __init__(self, shape: tuple[int, ...], lengths: _FloatArray | None = None) -> None:
        self._running = np.empty(shape, np.float32)
        self.totals = self._running[..., -1:]
        self._lengths = np.float32(shape[-1]) if lengths is None else lengths
        self.result = np.empty((*shape[:-1], 1), np.float32)

    def of(self, values: _FloatArray) -> _FloatArray:
        """Compute and return :attr:`result`."""
        np.add.accumulate(values, axis=-1, out=self._running)
        return np.divide(self.totals, self._lengths, self.result)


class PowerMeans:
    """Means of the squares, cubes and fourth powers of rows of one length.

    :attr:`totals`, shape (3, rows), are the sums of the last call.

    Args:
        shape: of the arrays, (rows, columns).
        lengths: as for :class:`RowMeans`.
        from_cubes: whether a fourth power is a cube times the value, not a squared square; the SDK
            has both, and float32 tells them apart.
    """

    def __init__(
        self,
        shape: tuple[int, int],
        lengths: _FloatArray | None = None,
        *,
        from_cubes: bool = False,
    ) -> None:
        self._powers = np.empty((3, *shape), np.float32)
        self._means = RowMeans(self._powers.shape, lengths)
        self._from_cubes = from_cubes
        self.totals = self._means.totals[..., 0]

    def of(self, values: _FloatArray) -> _FloatArray:
        """The three means, shape (3, rows); they are overwritten by the next call."""
        squares, cubes, fourths = self._powers
        np.multiply(values, values, squares)
        np.multiply(squares, values, cubes)
        if self._from_cubes:
            np.multiply(cubes, values, fourths)
        else:
            np.multiply(squares, squares, fourths)
        return self._means.of(self._powers)[..., 0]


def skewness(second: _FloatArray, third: _FloatArray, out: _FloatArray) -> None:
    """Skewness from central moments, 0 where there is no deviation."""
    root = np.sqrt(second * second * second)
    np.divide(third, root, out)
    out[root == 0] = 0


def kurtosis(second: _FloatArray, fourth: _FloatArray, out: _FloatArray) -> None:
    """Excess kurtosis from central moments, -3 where there is no deviation."""
    square = second * second
    np.divide(fourth, square, out)
    out[square == 0] = 0
    np.subtract(out, np.float32(3), out)
