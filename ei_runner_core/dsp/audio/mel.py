"""The mel scale, and where it puts the edges of filters."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...errors import InvalidInputError
from ..block import FloatArray
from ..logarithms import natural_log

__all__ = ["MAX_FILTERS", "band_edges", "filter_edges"]

MAX_FILTERS = 4096
_FACTOR, _KNEE = np.float32(1127), np.float32(700)
_BELOW_THE_END = np.float32(0.001)
_OLD_LOWEST = 300


def band_edges(version: int, rate: int, low: int, high: int) -> tuple[int, int]:
    """The band in Hz, where 0 means a default: half the rate, and 300 Hz below version 4.

    Raises:
        InvalidInputError: there is no such band at this rate.
    """
    top = high or rate // 2
    bottom = low or (0 if version >= 4 else _OLD_LOWEST)
    if not 0 <= bottom < top <= rate / 2:
        raise InvalidInputError(
            f"the band from low_frequency {bottom} to high_frequency {top} Hz does not fit: at "
            f"{rate} Hz it must rise and end at {rate / 2:g} Hz at most"
        )
    return bottom, top


def filter_edges(filters: int, bins: int, rate: int, band: tuple[int, int]) -> npt.NDArray[np.intp]:
    """The bins where filters begin, peak and end: filter i has the edges i, i + 1, i + 2.

    Args:
        filters: how many.
        bins: the number that stands for the whole rate.
        rate: samples a second.
        band: lowest and highest frequency, in Hz.

    Returns:
        shape (filters + 2,), not falling.
    """
    low, high = np.float32(band[0]), np.float32(band[1])
    first, last = _to_mel(low), _to_mel(high)
    step = (last - first) / np.float32(filters + 1)
    mels = first + np.arange(filters + 2, dtype=np.float32) * step
    hertz = np.clip(_to_hertz(mels), low, high)
    hertz[-1] -= _BELOW_THE_END
    positions = np.float32(bins + 1) * hertz / np.float32(rate)
    edges: npt.NDArray[np.intp] = np.floor(positions).astype(np.intp)
    return edges


def _to_mel(hertz: np.float32) -> np.float32:
    mel: np.float32 = _FACTOR * natural_log(np.array([1 + hertz / _KNEE], np.float32))[0]
    return mel


def _to_hertz(mels: FloatArray) -> FloatArray:
    powers = np.exp((mels / _FACTOR).astype(np.float64)).astype(np.float32)
    hertz: FloatArray = _KNEE * (powers - np.float32(1))
    return hertz
