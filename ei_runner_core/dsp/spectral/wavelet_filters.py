"""The filters of the wavelets, by the names that PyWavelets gives them."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from ...errors import InvalidInputError
from ..block import FloatArray
from .wavelet_tables import BIORTHOGONAL, ORTHOGONAL

__all__ = ["NAMES", "decomposition_filters"]

_Filter = npt.NDArray[np.float64]

_SPLINES = {
    f"bior{order}.{dual}": (order, dual)
    for order, duals in ((1, (3, 5)), (2, (2, 4, 6, 8)), (3, (1, 3, 5, 7, 9)))
    for dual in duals
}
_BIORTHOGONAL = (*_SPLINES, *BIORTHOGONAL)
NAMES = (
    "haar",
    *ORTHOGONAL,
    *_BIORTHOGONAL,
    *(name.replace("bior", "rbio") for name in _BIORTHOGONAL),
)


def decomposition_filters(name: str) -> FloatArray:
    """The low-pass and the high-pass filter of a wavelet.

    Args:
        name: ``haar``, ``db2`` to ``db10``, ``sym2`` to ``sym10``, ``coif1`` to ``coif3``,
            ``bior1.3`` to ``bior6.8`` or ``rbio1.3`` to ``rbio6.8``.

    Returns:
        float32, shape (2, taps).

    Raises:
        InvalidInputError: there is no such wavelet.
    """
    if name not in NAMES:
        raise InvalidInputError(f"there is no wavelet {name!r}; expected one of {', '.join(NAMES)}")
    low, reconstruction = _low_pass_filters(name)
    high = reconstruction * np.resize([-1, 1], reconstruction.size)
    return np.array([low, high], np.float32)


def _low_pass_filters(name: str) -> tuple[_Filter, _Filter]:
    """The low-pass filters of decomposition and of reconstruction."""
    if name.startswith("rbio"):
        low, reconstruction = _low_pass_filters(name.replace("rbio", "bior"))
        return reconstruction[::-1], low[::-1]
    if name in _SPLINES:
        return _spline_filters(*_SPLINES[name])
    if name in BIORTHOGONAL:
        low, reconstruction = np.array(BIORTHOGONAL[name])
        return low, reconstruction
    low = np.full(2, math.sqrt(0.5)) if name == "haar" else np.array(ORTHOGONAL[name])
    return low, low[::-1]


def _spline_filters(order: int, dual: int) -> tuple[_Filter, _Filter]:
    """A B-spline and its dual of Cohen, Daubechies and Feauveau.

    With h = ((1 + z) / 2) and s = -((1 - z) / 2)^2, the spline is h^order, and its dual is
    h^dual times the sum of C(K - 1 + k, k) s^k z^(K - 1 - k) for k < K = (order + dual) / 2.
    """
    terms = (order + dual) // 2
    total = np.zeros(2 * terms - 1)
    for k in range(terms):
        power = math.comb(terms - 1 + k, k) * _power([-0.25, 0.5, -0.25], k)
        total[terms - 1 - k : terms + k] += power
    low = math.sqrt(2) * np.convolve(total, _power([0.5, 0.5], dual))
    spline = math.sqrt(2) * _power([0.5, 0.5], order)
    taps = low.size + low.size % 2
    after = taps - (dual - 1) - spline.size
    return np.pad(low, (taps - low.size, 0)), np.pad(spline, (dual - 1, after))


def _power(factor: list[float], exponent: int) -> _Filter:
    power = np.ones(1)
    for _ in range(exponent):
        power = np.convolve(power, factor)
    return power
