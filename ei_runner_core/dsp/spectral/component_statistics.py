"""Statistics of the components of a wavelet transform."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ..block import FloatArray
from ..moments import PowerMeans, RowMeans, kurtosis, skewness

__all__ = ["STATISTICS", "ComponentStatistics"]

STATISTICS = 14
_QUANTILES = (0.05, 0.25, 0.75, 0.95, 0.5)
_BINS = 100


class ComponentStatistics:
    """Entropy, crossings, quantiles and moments of each component and axis.

    Args:
        components: float32, shape (components, axes, longest), where the transform writes; each
            component is followed by zeros.
        lengths: of the components without the zeros.
    """

    def __init__(self, components: FloatArray, lengths: Sequence[int]) -> None:
        count, axes, longest = components.shape
        rows = count * axes
        self._values = components.reshape(rows, longest)
        sizes = np.repeat(lengths, axes)
        self._is_tail = np.arange(longest) >= sizes[:, None]
        self._sizes = sizes.astype(np.float32)
        column = self._sizes[:, None]
        self._means = RowMeans((2, rows, longest), column)
        self._powers = PowerMeans((rows, longest), column)
        self._order = _OrderStatistics(sizes, self._is_tail)
        # the values and their deviations from the mean; then the values and their squares
        self._pair = np.empty((2, rows, longest), np.float32)
        self._statistics = np.empty((STATISTICS, rows), np.float32)
        self._result = self._statistics.reshape(STATISTICS, count, axes)

    def compute(self) -> FloatArray:
        """The statistics, shape (14, components, axes); they are overwritten by the next call."""
        values, statistics, sizes = self._values, self._statistics, self._sizes
        self._order.into(values, entropy=statistics[0], quantiles=statistics[3:8])
        first, second = self._pair
        first[...] = values
        np.multiply(values, values, second)
        means, mean_squares = self._means.of(self._pair)
        statistics[8] = means[:, 0]
        np.sqrt(mean_squares[:, 0], statistics[11])
        np.subtract(values, means, second)
        np.copyto(second, 0, where=self._is_tail)
        crossings = np.count_nonzero(self._pair[..., 1:] * self._pair[..., :-1] < 0, axis=2)
        np.divide(crossings, sizes, statistics[1:3], casting="same_kind")
        variance, third, fourth = self._powers.of(second)
        np.sqrt(variance, statistics[9])
        np.divide(self._powers.totals[0], sizes - 1, statistics[10])
        skewness(variance, third, statistics[12])
        kurtosis(variance, fourth, statistics[13])
        return self._result


class _OrderStatistics:
    """Quantiles, and the entropy of a histogram between the smallest and the largest value."""

    def __init__(self, sizes: npt.NDArray[np.intp], is_tail: npt.NDArray[np.bool_]) -> None:
        rows, longest = is_tail.shape
        self._is_tail = is_tail
        starts = longest * np.arange(rows)
        last = (sizes - 1).astype(np.float32)
        ranks = [(np.float32(p) * last + np.float32(0.5)).astype(np.intp) for p in _QUANTILES]
        # smallest, largest, quantiles: one row each
        self._picks = starts + np.array([np.zeros_like(sizes), sizes - 1, *ranks])
        self._sorted = np.empty((rows, longest), np.float32)
        self._first_bins = (_BINS * np.arange(rows))[:, None]
        self._spare_bin = rows * _BINS
        # -p ln p for each count that a bin can have, one stretch a row
        self._terms = np.concatenate([_entropy_terms(int(size)) for size in sizes])
        self._term_starts = (np.cumsum(sizes + 1) - (sizes + 1))[:, None]
        self._running = np.empty((rows, _BINS), np.float32)

    def into(self, values: FloatArray, entropy: FloatArray, quantiles: FloatArray) -> None:
        ordered = self._sorted
        ordered[...] = values
        np.copyto(ordered, np.inf, where=self._is_tail)
        ordered.sort(axis=1)
        picked = ordered.take(self._picks)
        quantiles[...] = picked[2:]
        smallest, largest = picked[:2, :, None]
        step = (largest - smallest) / np.float32(_BINS)
        bins = np.fmin((values - smallest) / step, np.float32(_BINS - 1)).astype(np.intp)
        bins += self._first_bins
        np.copyto(bins, self._spare_bin, where=self._is_tail)
        counts = np.bincount(bins.reshape(-1), minlength=self._spare_bin + 1)
        counts = counts[:-1].reshape(-1, _BINS)
        terms = self._terms.take(counts + self._term_starts)
        entropy[...] = np.add.accumulate(terms, axis=1, out=self._running)[:, -1]


def _entropy_terms(size: int) -> FloatArray:
    shares = np.arange(size + 1, dtype=np.float32) / np.float32(size)
    logs = np.log(np.maximum(shares, np.float32(1e-30)), dtype=np.float64)
    terms: FloatArray = -shares * logs.astype(np.float32)
    return terms
