"""Packed pixels, one 0xRRGGBB number each, and the three bytes that they hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import InvalidInputError
from ..fields import choice, read_fields
from .block import IGNORED_FIELDS, FloatArray

__all__ = ["PixelSplitter", "read_channels"]

MAX_PIXEL = 0xFFFFFF
_MAX_BITS = int(np.float32(MAX_PIXEL).view(np.uint32))

_FIELDS = {"channels": choice("RGB", "Grayscale")}


def read_channels(config: Mapping[str, Any]) -> int:
    """The number of channels that the config of an image block asks for: 3 or 1."""
    fields = read_fields("image block", config, _FIELDS, IGNORED_FIELDS)
    return 3 if fields["channels"] == "RGB" else 1


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
        self._octets = octets[:, 2::-1].T  # the lowest byte is blue
        self._targets = targets

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
        self._targets[...] = self._octets


def _check_pixels(window: FloatArray) -> None:
    wrong = np.flatnonzero(~((window >= 0) & (window <= MAX_PIXEL)))
    if wrong.size:
        first = int(wrong[0])
        raise InvalidInputError(
            f"pixel {first} is {window[first]}, expected a number from 0 to {MAX_PIXEL} that "
            "stands for 0xRRGGBB"
        )
