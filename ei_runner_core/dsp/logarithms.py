"""Logarithms that are as coarse as those of the C++ SDK, in float32.

Features were made with polynomials in place of the exact functions, so a network has seen their
errors too: up to 4e-4 in :func:`cheap_log10`. :func:`natural_log` is nearly accurate.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["cheap_log10", "natural_log"]

_FloatArray = npt.NDArray[np.float32]

# log2 of a mantissa in [0.5, 1), from the highest power down
_LOG2 = np.array([1.23149591368684, -4.11852516267426, 6.02197014179219, -3.13396450166353], "f4")
_LOG10_OF_2 = np.float32(0.3010299956639812)

_TWO_THIRDS = np.int32(0x3F2AAAAB)  # the float32 2/3 as bits
_EXPONENT_BITS = np.int32(-(2**23))
_MANTISSA_STEP = np.float32(2.0**-23)
_LOG1P = [float(np.float32(c)) for c in (0.230836749, -0.279208571, 0.331826031, -0.498910338)]
_LOG_OF_2 = float(np.float32(0.693147182))


def cheap_log10(values: _FloatArray, out: _FloatArray | None = None) -> _FloatArray:
    """The decimal logarithm of absolute values by a cubic polynomial.

    Args:
        values: float32, any shape; replace zeros first.
        out: float32 of the same shape, for the result; ``values`` itself is legal.

    Returns:
        ``out``, or a new array.
    """
    mantissa, exponent = np.frexp(values)
    np.abs(mantissa, mantissa)
    result: _FloatArray = np.multiply(mantissa, _LOG2[0], out)
    for coefficient in _LOG2[1:3]:
        result += coefficient
        result *= mantissa
    result += _LOG2[3]
    result += exponent.astype(np.float32)
    result *= _LOG10_OF_2
    return result


def natural_log(values: _FloatArray, out: _FloatArray | None = None) -> _FloatArray:
    """The natural logarithm, to nearly the accuracy of float32.

    Args:
        values: float32, any shape, C-contiguous, positive.
        out: float32 of the same shape, for the result; ``values`` itself is legal.

    Returns:
        ``out``, or a new array.
    """
    bits = values.view(np.int32)
    exponent_bits = (bits - _TWO_THIRDS) & _EXPONENT_BITS
    mantissa = (bits - exponent_bits).view(np.float32)  # from 2/3 to 4/3
    exponent = exponent_bits * _MANTISSA_STEP
    # products in float64, rounded after each step, stand for fused multiply-adds
    step = (mantissa - np.float32(1)).astype(np.float64)
    square = _rounded(step * step)
    series = _rounded(_LOG1P[0] * step + _LOG1P[1])
    series = _rounded(series * square + _rounded(_LOG1P[2] * step + _LOG1P[3]))
    series = _rounded(series * square + step)
    result = np.empty_like(values) if out is None else out
    np.add(exponent * _LOG_OF_2, series, out=result, casting="same_kind")
    return result


def _rounded(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return values.astype(np.float32).astype(np.float64)
