"""Banks of triangular filters that sum up a power spectrum, in the order of the C++ SDK."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ..._optional import need
from ...errors import InvalidInputError
from ..block import FloatArray
from .block import LAST_VERSION
from .mel import band_edges, filter_edges

__all__ = ["FilterBank", "coded_filterbank", "filterbank"]

_Filter = tuple[npt.NDArray[np.intp], FloatArray]
_LONGEST_EXACT_SIDE = 22


class FilterBank:
    """Sums of bins with weights, one sum a filter, for all frames in one call.

    A sparse product adds the bins of a filter one after the other, in float32 and in the order in
    which they are stored. A dense one would be slower and add them in an order of its own.

    Args:
        edges: bins, shape (filters + 2,): filter i begins, peaks and ends at edges i to i + 2.
        bins: the number of bins of a spectrum.
        shape: gives the bins of a filter in their order, and the weights, from its three edges.
        with_total: whether to add a last filter that sums up all bins.

    Raises:
        BackendUnavailableError: SciPy is missing.
    """

    def __init__(
        self,
        edges: npt.NDArray[np.intp],
        bins: int,
        shape: Callable[[int, int, int], _Filter],
        with_total: bool = False,
    ) -> None:
        sparse = need("scipy.sparse", "a filterbank", "tensor")
        filters = [shape(*map(int, edges[i : i + 3])) for i in range(len(edges) - 2)]
        if with_total:
            filters.append((np.arange(bins), np.ones(bins, np.float32)))
        self._matrix: Any = _sparse_rows(sparse, filters, bins)

    def __call__(self, power: FloatArray) -> FloatArray:
        """The energies, shape (filters, frames), of a spectrum of the shape (bins, frames)."""
        energies: FloatArray = self._matrix @ power
        return energies


def filterbank(
    fields: Mapping[str, Any], version: int, rate: int, *, with_total: bool = False
) -> FilterBank:
    """The filters of MFCC, and of MFE from version 3 on.

    Below version 4 they lie in the lower half of the spectrum, which models were trained on.

    Args:
        fields: the block's config.
        version: of the block.
        rate: samples a second.
        with_total: as for :class:`FilterBank`.

    Raises:
        InvalidInputError: there are no filters, or their band does not fit the rate.
    """
    length = fields["fft_length"]
    edges = _edges(fields, version, length if version >= LAST_VERSION else length // 2 + 1, rate)
    return FilterBank(edges, length // 2 + 1, _centred, with_total)


def coded_filterbank(fields: Mapping[str, Any], version: int, rate: int) -> FilterBank:
    """The filters of MFE up to version 2; see :func:`filterbank`."""
    bins = fields["fft_length"] // 2 + 1
    return FilterBank(_edges(fields, version, bins, rate), bins, _coded)


def _edges(fields: Mapping[str, Any], version: int, bins: int, rate: int) -> npt.NDArray[np.intp]:
    filters = fields["num_filters"]
    if not filters:
        raise InvalidInputError("num_filters is 0, expected at least 1")
    band = band_edges(version, rate, fields["low_frequency"], fields["high_frequency"])
    return filter_edges(filters, bins, rate, band)


def _centred(begin: int, peak: int, end: int) -> _Filter:
    """The peak first, with the weight 1 in any case, then what is left and right of it."""
    left, right = np.arange(begin + 1, peak), np.arange(peak + 1, end)
    weights = [
        np.ones(1, np.float32),
        _ratio(left - begin, peak - begin),
        _ratio(end - right, end - peak),
    ]
    return np.concatenate(([peak], left, right)), np.concatenate(weights)


def _coded(begin: int, peak: int, end: int) -> _Filter:
    """Ascending bins, whose weights are rounded to those that 8-bit codes stand for."""
    if begin == end:
        return np.empty(0, np.intp), np.empty(0, np.float32)
    bins = np.arange(begin, end + 1)
    rising = _ratio(bins - begin, peak - begin)
    falling = _ratio(end - bins, end - peak)
    weights = _nearest_code(np.where(bins < peak, rising, falling))
    weights[bins == peak] = 1
    return bins[weights > 0], weights[weights > 0]


def _sparse_rows(sparse: Any, filters: Iterable[_Filter], bins: int) -> Any:
    indices, weights = zip(*filters, strict=True)
    ends = np.cumsum([0, *map(len, indices)])
    data = np.concatenate(weights), np.concatenate(indices), ends
    return sparse.csr_array(data, shape=(len(indices), bins))


def _ratio(numerators: npt.NDArray[np.intp], denominator: int) -> FloatArray:
    ratios: FloatArray = numerators.astype(np.float32) / np.float32(max(1, denominator))
    return ratios


def _nearest_code(weights: FloatArray) -> FloatArray:
    after = np.searchsorted(_CODES, weights).clip(1, _CODES.size - 1)
    lower, upper = _CODES[after - 1], _CODES[after]
    nearest: FloatArray = np.where(weights - lower <= upper - weights, lower, upper)
    return nearest


def _codes() -> FloatArray:
    hundredths = [k / 100 for k in range(101)]
    fractions = [a / b for b in range(1, _LONGEST_EXACT_SIDE + 1) for a in range(b + 1)]
    return np.unique(np.array(hundredths + fractions, np.float32))


_CODES = _codes()
