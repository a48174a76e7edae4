"""Means of a spectrum between frequencies."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from ...errors import InvalidInputError
from ..block import FloatArray
from ..moments import RowMeans

__all__ = ["BandMeans"]

_UNIT = np.float32(10)
_MOST_VALUES = 2**24


class BandMeans:
    """A tenth of the mean of the bins from each edge up to the next one, 0 where there is none.

    Args:
        edges: frequencies in Hz.
        length: of the FFT.
        frequency: of the samples, in Hz.
        axes: number of spectra.

    Raises:
        InvalidInputError: that would take too much memory.
    """

    def __init__(self, edges: Sequence[float], length: int, frequency: float, axes: int) -> None:
        resolution = np.float32(1 / (length / frequency))
        grid = np.arange(length // 2 + 1, dtype=np.float32) * resolution
        limits = np.searchsorted(grid, np.array(edges, np.float32)).tolist()
        counts = [max(stop - start, 0) for start, stop in pairwise(limits)]
        if axes * len(counts) * max([*counts, 0]) > _MOST_VALUES:
            raise InvalidInputError(
                f"the power between {len(edges)} edges needs too much memory with {axes} axes and "
                f"an FFT of {length}; have fewer edges or a shorter FFT"
            )
        # rows of one length: the bins of a band, then a column of zeros as often as is needed
        self._bins = np.full((len(counts), max([*counts, 1])), grid.size, np.intp)
        for row, start, count in zip(self._bins, limits, counts, strict=False):
            row[:count] = np.arange(start, start + count)
        self._spectrum = np.zeros((axes, grid.size + 1), np.float32)
        lengths = np.maximum(counts, 1).astype(np.float32)[:, None]
        self._means = RowMeans((axes, *self._bins.shape), lengths)

    def into(self, spectrum: FloatArray, out: FloatArray) -> None:
        """Compute the means.

        Args:
            spectrum: float32, shape (axes, N/2 + 1).
            out: float32, shape (axes, edges - 1).
        """
        self._spectrum[:, :-1] = spectrum
        np.divide(self._means.of(self._spectrum.take(self._bins, axis=1))[..., 0], _UNIT, out)
