"""The block ``image``: pixels as numbers from 0 to 1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..contract import BlockContext
from ..errors import InvalidInputError
from .block import Block, FloatArray, check_output
from .pixels import PixelSplitter, read_channels

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
        levels = self._levels
        if window.size != levels.count or not levels.count:
            self.output_size(window.size)
            levels = self._levels = self._levels_for(window.size)
        check_output(out, levels.count * self._channels)
        levels.into(window, out)

    def _levels_for(self, pixels: int) -> _Color | _Grey:
        return _Color(pixels) if self._channels == 3 else _Grey(pixels)


class _Color:
    """Bytes put side by side in R, G, B order, then divided in one go."""

    def __init__(self, count: int) -> None:
        self.count = count
        interleaved = np.empty((count, 3), np.uint8)
        self._load = PixelSplitter(interleaved.T).load
        self._octets = interleaved.reshape(-1)

    def into(self, window: FloatArray, out: FloatArray) -> None:
        self._load(window)
        out[...] = self._octets
        np.divide(out, _LARGEST, out)


class _Grey:
    """One plane a channel, divided, weighted and added from left to right."""

    def __init__(self, count: int) -> None:
        self.count = count
        planes = np.empty((3, count), np.float32)
        self._load = PixelSplitter(planes).load
        self._planes = planes.reshape(-1)
        # operands as long as the others: NumPy takes longer for a single number
        self._largest = np.full(3 * count, _LARGEST)
        self._weights = np.repeat(LUMA, count)
        self._red, self._green, self._blue = planes

    def into(self, window: FloatArray, out: FloatArray) -> None:
        self._load(window)
        planes = self._planes
        np.divide(planes, self._largest, planes)
        np.multiply(planes, self._weights, planes)
        np.add(self._red, self._green, out)
        np.add(out, self._blue, out)
