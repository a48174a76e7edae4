"""The block ``image``: pixels as numbers from 0 to 1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..contract import BlockContext
from ..errors import InvalidInputError
from .block import Block, FloatArray, check_output
from .pixels import ByteReader, Octets, PlaneReader, as_octets, read_channels

__all__ = ["LUMA", "Image"]

LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_LARGEST = np.float32(255)


class Image(Block):
    """Red, green and blue of each pixel, or its grey level.

    ``channels`` is ``"RGB"`` (default) or ``"Grayscale"``; grey is 0.299 R + 0.587 G + 0.114 B.
    Frames of a video are just more pixels. Windows hold one 0xRRGGBB number a pixel.
    """

    def __init__(self, config: Mapping[str, Any], context: BlockContext) -> None:
        self._channels = read_channels(config)
        self._declared, rest = divmod(context.n_outputs or 0, self._channels)
        if rest:
            raise InvalidInputError(
                f"an image block with RGB channels gives three features a pixel, but "
                f"{context.n_outputs} outputs are declared"
            )
        self._levels = self._levels_for(self._declared)

    def output_size(self, length: int) -> int:
        """One feature a pixel and channel."""
        if not length or length != (self._declared or length):
            raise InvalidInputError(
                f"the window has {length} pixels, expected {self._declared or 'at least 1'}"
            )
        return length * self._channels

    def extract_into(self, window: FloatArray, out: FloatArray) -> None:
        """See :meth:`Block.extract_into`."""
        self._checked(window.size, out).into(window, out)

    def extract_rgb_into(self, rgb: Octets, out: FloatArray) -> None:
        """The same features straight from the bytes of an image, several times faster.

        Args:
            rgb: uint8, shape (height, width, 3), or (frames, height, width, 3); best C-contiguous.
            out: float32, shape (n_features,), C-contiguous.

        Raises:
            InvalidInputError: another dtype or shape, or a size that does not suit the block.
        """
        octets = as_octets(rgb)
        self._checked(octets.size // 3, out).rgb_into(octets, out)

    def _checked(self, pixels: int, out: FloatArray) -> _Color | _Grey:
        levels = self._levels
        if pixels != levels.count or not pixels:
            self.output_size(pixels)
            levels = self._levels = self._levels_for(pixels)
        check_output(out, pixels * self._channels)
        return levels

    def _levels_for(self, pixels: int) -> _Color | _Grey:
        return _Color(pixels) if self._channels == 3 else _Grey(pixels)


class _Color(ByteReader):
    """Bytes side by side in R, G, B order, divided in one go."""

    def rgb_into(self, octets: Octets, out: FloatArray) -> None:
        out[...] = octets
        np.divide(out, _LARGEST, out)


class _Grey(PlaneReader):
    """One plane a channel, divided, weighted and added from left to right."""

    def __init__(self, count: int) -> None:
        planes = np.empty((3, count), np.float32)
        super().__init__(planes)
        self._planes = planes.reshape(-1)
        # operands as long as the others: NumPy takes longer for a single number
        self._largest = np.full(3 * count, _LARGEST)
        self._weights = np.repeat(LUMA, count)
        self._red, self._green, self._blue = planes

    def _compute(self, out: FloatArray) -> None:
        planes = self._planes
        np.divide(planes, self._largest, planes)
        np.multiply(planes, self._weights, planes)
        np.add(self._red, self._green, out)
        np.add(out, self._blue, out)
