"""Real numbers as small integers and back: real = (raw - zero_point) * scale."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import InvalidInputError

__all__ = [
    "ALMOST_HALF",
    "Dequantizer",
    "Quantizer",
    "away_from_zero_into",
    "check_quantization",
    "dequantize",
    "quantize",
]

Array = npt.NDArray[Any]
FloatArray = npt.NDArray[np.float32]

DTYPES = ("int8", "uint8", "int16")

ALMOST_HALF = np.nextafter(np.float32(0.5), np.float32(0))
"""What :func:`away_from_zero_into` adds."""


def away_from_zero_into(values: FloatArray, scratch: FloatArray) -> None:
    """Move values (in place) half a step away from zero: cutting the fraction then rounds them.

    With 0.5 itself the sum for 0.49999997 would be 1; with the number just below it, halves go
    away from zero and the result is right for every float32.
    """
    np.copysign(ALMOST_HALF, values, scratch)
    np.add(values, scratch, values)


class Quantizer:
    """Turns ``n`` real numbers at a time into integers that saturate.

    Args:
        scale: step between two integers, as float32.
        zero_point: the integer that stands for 0.
        dtype: ``int8``, ``uint8`` or ``int16``.
        n: number of values.

    Raises:
        InvalidInputError: another dtype, or a scale that is not positive.
    """

    def __init__(self, scale: float, zero_point: float, dtype: str, n: int) -> None:
        if dtype not in DTYPES:
            raise InvalidInputError(
                f"cannot quantise to {dtype!r}, expected one of {', '.join(DTYPES)}"
            )
        self._scale, self._zero_point = check_quantization(scale, zero_point)
        limits = np.iinfo(dtype)
        # what saturates is cut before the division, so that nothing can overflow in it
        self._low = (np.float32(limits.min) - self._zero_point) * self._scale
        self._high = (np.float32(limits.max) - self._zero_point) * self._scale
        self._buffer = np.empty(n, np.float32)
        self._scratch = np.empty(n, np.float32)

    def into(self, values: FloatArray, out: Array) -> None:
        """Quantise.

        Args:
            values: float32, shape (n,); NaN counts as the smallest number.
            out: integers of the dtype, shape (n,).
        """
        buffer = self._buffer
        np.fmax(values, self._low, buffer)
        np.fmin(buffer, self._high, buffer)
        np.divide(buffer, self._scale, buffer)
        away_from_zero_into(buffer, self._scratch)
        np.trunc(buffer, buffer)
        np.add(buffer, self._zero_point, buffer)
        out[...] = buffer


class Dequantizer:
    """Turns integers back into real numbers; float tensors pass as they are.

    Args:
        scale: step between two integers, as float32.
        zero_point: the integer that stands for 0.

    Raises:
        InvalidInputError: a scale that is not positive.
    """

    def __init__(self, scale: float = 1.0, zero_point: float = 0) -> None:
        self._scale, self._zero_point = check_quantization(scale, zero_point)
        raw = np.arange(256, dtype=np.uint8)
        # as lists, because a Python list is what the few scores of a classifier end up in; both
        # are indexed by the byte
        self._tables: dict[str, list[float]] = {
            np.dtype(np.uint8).char: self.array(raw).tolist(),
            np.dtype(np.int8).char: self.array(raw.view(np.int8)).tolist(),
        }

    def array(self, raw: Array) -> FloatArray:
        """The real numbers of a tensor: float32, same shape; a new array unless it was float32."""
        if raw.dtype.kind == "f":
            return raw.astype(np.float32, copy=False)
        # dtype: without it old NumPy versions would compute 8-bit integers in float16
        real = np.subtract(raw, self._zero_point, dtype=np.float32)
        return np.multiply(real, self._scale, real)

    def floats(self, raw: Array) -> list[float]:
        """The real numbers of a tensor as a flat list; made for short ones."""
        table = self._tables.get(raw.dtype.char)
        if table is None:
            real: list[float] = (raw if raw.dtype.char == "f" else self.array(raw)).ravel().tolist()
            return real
        return [table[octet] for octet in raw.tobytes()]


def quantize(values: npt.ArrayLike, scale: float, zero_point: float, dtype: str = "int8") -> Array:
    """Real numbers as integers: round(values / scale) + zero_point, saturated.

    Halves are rounded away from zero; the division is one of float32.

    Args:
        values: real numbers of any shape; NaN counts as the smallest number.
        scale: step between two integers.
        zero_point: the integer that stands for 0.
        dtype: ``int8``, ``uint8`` or ``int16``.

    Returns:
        Integers of that dtype, same shape.

    Raises:
        InvalidInputError: another dtype, or a scale that is not positive.
    """
    with np.errstate(over="ignore"):  # what is too large for float32 saturates
        real = np.asarray(values, np.float32)
    plan = Quantizer(scale, zero_point, dtype, real.size)
    out = np.empty(real.size, dtype)
    plan.into(real.reshape(-1), out)
    return out.reshape(real.shape)


def dequantize(raw: npt.ArrayLike, scale: float, zero_point: float) -> FloatArray:
    """Integers as real numbers: (raw - zero_point) * scale, in float32.

    Args:
        raw: integers of any shape.
        scale: step between two integers.
        zero_point: the integer that stands for 0.

    Returns:
        float32, same shape.

    Raises:
        InvalidInputError: ``raw`` holds no integers, or the scale is not positive.
    """
    integers = np.asarray(raw)
    if integers.dtype.kind not in "iu":
        raise InvalidInputError(f"cannot dequantise {integers.dtype}, expected integers")
    step, zero = check_quantization(scale, zero_point)
    real: FloatArray = np.subtract(integers, zero, dtype=np.float32)
    return real * step


def check_quantization(scale: float, zero_point: float) -> tuple[np.float32, np.float32]:
    """Scale and zero point as float32.

    Raises:
        InvalidInputError: the scale is not a positive number of float32's normal range, or the
            zero point is not a whole number.
    """
    tiny, largest = 1.1754944e-38, 3.4028235e38
    if isinstance(scale, bool) or not math.isfinite(scale) or not tiny <= scale <= largest:
        raise InvalidInputError(f"the scale is {scale!r}, expected a positive float32 number")
    if not float(zero_point).is_integer():
        raise InvalidInputError(f"the zero point is {zero_point!r}, expected a whole number")
    return np.float32(scale), np.float32(zero_point)
