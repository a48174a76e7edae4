"""Packed pixels, one 0xRRGGBB number each, and the three bytes that they hold."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import InvalidInputError
from ..fields import choice, read_fields
from .block import IGNORED_FIELDS, FloatArray

__all__ = ["ByteReader", "Octets", "PixelSplitter", "PlaneReader", "as_octets", "read_channels"]

Octets = npt.NDArray[np.uint8]

MAX_PIXEL = 0xFFFFFF
_MAX_BITS = int(np.float32(MAX_PIXEL).view(np.uint32))

_FIELDS = {"channels": choice("RGB", "Grayscale")}


def read_channels(config: Mapping[str, Any]) -> int:
    """The number of channels that the config of an image block asks for: 3 or 1."""
    fields = read_fields("image block", config, _FIELDS, IGNORED_FIELDS)
    return 3 if fields["channels"] == "RGB" else 1


def as_octets(rgb: npt.NDArray[Any]) -> Octets:
    """The bytes of an image in one row: R, G and B of each pixel.

    Args:
        rgb: uint8, shape (..., 3); a C-contiguous array is not copied.

    Raises:
        InvalidInputError: another dtype or shape.
    """
    if rgb.dtype != np.uint8 or rgb.ndim < 2 or rgb.shape[-1] != 3:
        raise InvalidInputError(
            f"the image is an array of {rgb.dtype} with the shape {rgb.shape}, expected uint8 and "
            "(height, width, 3) in RGB order"
        )
    return rgb.reshape(-1)


class PixelSplitter:
    """Takes windows of one length apart.

    Args:
        targets: where the red, green and blue bytes go, shape (3, n), of any integer or float
            dtype; a view such as ``interleaved.T`` will do.
    """

    def __init__(self, targets: npt.NDArray[Any]) -> None:
        count = targets.shape[1]
        self._words = np.empty(count, "<u4")
        octets = self._words.view(np.uint8).reshape(count, 4)
        # the lowest byte is blue; NumPy copies one channel after the other three times as fast
        self._channels = tuple(zip(targets, octets[:, 2::-1].T, strict=True))
        self._targets = tuple(targets)

    def load(self, window: FloatArray) -> None:
        """Take a window apart; fractions of a pixel are cut off.

        Args:
            window: float32, shape (n,), values from 0 to 0xFFFFFF.

        Raises:
            InvalidInputError: a value is outside of that range.
        """
        # Seen as integers, floats keep their order and everything negative or not finite is
        # larger than any pixel, so that one pass finds all that has no defined conversion.
        bits = window.view(np.uint32)
        if bits.item(bits.argmax()) > _MAX_BITS:  # several times faster than the maximum
            _check_pixels(window)
        self._words[...] = window
        for target, octets in self._channels:
            target[...] = octets

    def load_rgb(self, octets: Octets) -> None:
        """Take bytes that are no numbers yet: uint8, shape (3 * n,), interleaved."""
        for channel, target in enumerate(self._targets):
            target[...] = octets[channel::3]


class PlaneReader(ABC):
    """What is computed from one plane a channel, out of packed pixels or plain bytes.

    Args:
        planes: where the pixels go before each call, shape (3, count), of any dtype.
    """

    def __init__(self, planes: npt.NDArray[Any]) -> None:
        self.count = planes.shape[1]
        self._splitter = PixelSplitter(planes)

    def into(self, window: FloatArray, out: npt.NDArray[Any]) -> None:
        """Compute from packed pixels: float32, shape (count,)."""
        self._splitter.load(window)
        self._compute(out)

    def rgb_into(self, octets: Octets, out: npt.NDArray[Any]) -> None:
        """Compute from plain bytes: uint8, shape (3 * count,), interleaved."""
        self._splitter.load_rgb(octets)
        self._compute(out)

    @abstractmethod
    def _compute(self, out: npt.NDArray[Any]) -> None:
        """Fill ``out`` from the planes, which may be overwritten."""


class ByteReader(ABC):
    """What is computed from the bytes as they lie in an image, also out of packed pixels."""

    def __init__(self, count: int) -> None:
        self.count = count
        interleaved = np.empty((count, 3), np.uint8)
        self._load = PixelSplitter(interleaved.T).load
        self._octets = interleaved.reshape(-1)

    def into(self, window: FloatArray, out: npt.NDArray[Any]) -> None:
        """Compute from packed pixels: float32, shape (count,)."""
        self._load(window)
        self.rgb_into(self._octets, out)

    @abstractmethod
    def rgb_into(self, octets: Octets, out: npt.NDArray[Any]) -> None:
        """Compute from plain bytes: uint8, shape (3 * count,), interleaved."""


def _check_pixels(window: FloatArray) -> None:
    wrong = np.flatnonzero(~((window >= 0) & (window <= MAX_PIXEL)))
    if wrong.size:
        first = int(wrong[0])
        raise InvalidInputError(
            f"pixel {first} is {window[first]}, expected a number from 0 to {MAX_PIXEL} that "
            "stands for 0xRRGGBB"
        )
