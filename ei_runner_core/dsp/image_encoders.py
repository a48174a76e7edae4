"""From pixels straight to int8: the four ways of the short cut, one class each."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .block import FloatArray
from .image import LUMA
from .pixels import ByteReader, Octets, PlaneReader
from .quantization import ALMOST_HALF, away_from_zero_into
from .scaling import TORCH_DEVIATION, TORCH_MEAN

__all__ = ["Encoder", "ShiftedColor", "ShiftedGrey", "TableColor", "TableGrey", "levels_of"]

Int8Array = npt.NDArray[np.int8]

_LUMA_16_BIT = np.array([19595, 38469, 7471], np.uint32)
_SIGN_BIT = np.uint8(0x80)


class ShiftedColor(ByteReader):
    """Where a step is a byte and black is -128: flipping the highest bit subtracts 128."""

    def rgb_into(self, octets: Octets, out: Int8Array) -> None:
        """See :meth:`ByteReader.rgb_into`."""
        np.bitwise_xor(octets, _SIGN_BIT, out.view(np.uint8))


class ShiftedGrey(PlaneReader):
    """The same for grey levels: weights of 16 bits, so that the third byte of the sum is grey."""

    def __init__(self, count: int) -> None:
        planes = np.empty((3, count), "<u4")
        super().__init__(planes)
        self._planes = planes.reshape(-1)
        self._weights = np.repeat(_LUMA_16_BIT, count)
        self._red, self._green, self._blue = planes
        self._sum = np.empty(count, "<u4")
        self._grey = self._sum.view(np.uint8)[2::4]

    def _compute(self, out: Int8Array) -> None:
        np.multiply(self._planes, self._weights, self._planes)
        np.add(self._red, self._green, self._sum)
        np.add(self._sum, self._blue, self._sum)
        np.bitwise_xor(self._grey, _SIGN_BIT, out.view(np.uint8))


class TableColor(PlaneReader):
    """A byte has 256 values: each channel looks its int8 up.

    Args:
        count: number of pixels.
        levels: what the bytes stand for, as :func:`levels_of` gives it.
        step: scale of the tensor.
        zero_point: of the tensor.
    """

    def __init__(
        self, count: int, levels: FloatArray, step: np.float32, zero_point: np.float32
    ) -> None:
        indices = np.empty((3, count), np.intp)
        super().__init__(indices)
        self._found = np.empty(count, np.int8)
        interleaved = np.empty((count, 3), np.int8)
        self._interleaved = interleaved.reshape(-1)
        tables = _quantized(levels, step, zero_point)
        self._channels = tuple(zip(indices, tables, interleaved.T, strict=True))

    def _compute(self, out: Int8Array) -> None:
        found = self._found
        for indices, table, target in self._channels:
            table.take(indices, None, found, "clip")
            target[...] = found
        out[...] = self._interleaved


class TableGrey(PlaneReader):
    """Weighted levels are looked up and added; their sum is quantised without saturation.

    Its arguments are those of :class:`TableColor`.
    """

    def __init__(
        self, count: int, levels: FloatArray, step: np.float32, zero_point: np.float32
    ) -> None:
        indices = np.empty((3, count), np.intp)
        super().__init__(indices)
        # operands as long as the others: NumPy takes longer for a single number
        self._step = np.full(count, step)
        self._half = np.full(count, ALMOST_HALF)
        self._is_positive = levels.min() >= 0
        self._offset = np.full(count, np.int32(zero_point).astype(np.int8))
        planes = np.empty((3, count), np.float32)
        self._first, self._second, self._third = planes
        self._channels = tuple(zip(indices, levels * LUMA[:, None], planes, strict=True))
        self._integers = np.empty(count, "<i4")
        self._low_bytes = self._integers.view(np.int8)[::4]

    def _compute(self, out: Int8Array) -> None:
        for indices, table, plane in self._channels:
            table.take(indices, None, plane, "clip")
        grey = self._first
        np.add(grey, self._second, grey)
        np.add(grey, self._third, grey)
        np.divide(grey, self._step, grey)
        if self._is_positive:
            np.add(grey, self._half, grey)
        else:
            away_from_zero_into(grey, self._second)
        self._integers[...] = grey  # cuts the fraction off
        np.add(self._low_bytes, self._offset, out)  # both wrap around


Encoder = ShiftedColor | ShiftedGrey | TableColor | TableGrey


def levels_of(scaling: str) -> FloatArray:
    """What each byte of each channel stands for: float32, shape (3, 256)."""
    octets = np.arange(256, dtype=np.float32)
    levels: FloatArray = np.tile(octets, (3, 1))
    if scaling in ("NONE", "TORCH"):
        levels /= np.float32(255)
    if scaling == "TORCH":
        levels -= TORCH_MEAN[:, None]
        levels /= TORCH_DEVIATION[:, None]
    if scaling == "MIN128_127":
        levels -= np.float32(128)
    return levels


def _quantized(levels: FloatArray, step: np.float32, zero_point: np.float32) -> Int8Array:
    rounded: FloatArray = np.divide(levels, step, dtype=np.float32)
    away_from_zero_into(rounded, np.empty_like(rounded))
    return (np.trunc(rounded) + zero_point).astype(np.int32).astype(np.int8)
