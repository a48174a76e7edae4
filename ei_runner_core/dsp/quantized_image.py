"""The short cut for images and int8 networks: from bytes to bytes, as the SDK takes it.

Instead of computing features as floats and quantising those, the SDK goes from the pixels to the
int8 tensor in one step. Its results differ in places: by other rounding of grey levels, and by
wrapping around where ordinary quantisation saturates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import InvalidInputError
from .block import FloatArray, as_window, check_output
from .image_encoders import (
    Encoder,
    ShiftedColor,
    ShiftedGrey,
    TableColor,
    TableGrey,
    levels_of,
)
from .pixels import read_channels
from .quantization import check_quantization
from .scaling import check_scaling

__all__ = ["QuantizedImage", "quantize_image"]

Int8Array = npt.NDArray[np.int8]

_BYTE_STEP = np.float32(0.003921568859368563)
_SMALLEST_STEP = 1e-6


class QuantizedImage:
    """An image block and the quantisation behind it in one step, for int8 tensors.

    Args:
        config: of the image block: ``channels`` is ``"RGB"`` (default) or ``"Grayscale"``.
        scale: of the tensor, as float32.
        zero_point: of the tensor.
        scaling: the image scaling of the network, as for :class:`ImageScaler`. As in the SDK,
            ``MIN1_1`` and ``BGR_SUBTRACT_IMAGENET_MEAN`` leave the bytes as they are.

    Raises:
        InvalidInputError: an unknown field or scaling, or the scale is no positive number.
    """

    def __init__(
        self, config: Mapping[str, Any], scale: float, zero_point: float, scaling: str = "NONE"
    ) -> None:
        self.channels = read_channels(config)
        self._step, self._zero_point = check_quantization(scale, zero_point)
        if self._step < _SMALLEST_STEP:  # quotients would leave int32, from where they wrap
            raise InvalidInputError(
                f"the scale is {scale!r}, expected at least {_SMALLEST_STEP} for pixels"
            )
        check_scaling(scaling)
        self._levels = levels_of(scaling)
        is_byte_step = self._step == _BYTE_STEP and self._zero_point == -128
        self._is_shift = is_byte_step and scaling == "NONE"
        self._encoder = self._encoder_for(0)

    def extract_into(self, window: FloatArray, out: Int8Array) -> None:
        """Encode one image.

        Args:
            window: float32, shape (n_pixels,), C-contiguous, one 0xRRGGBB number a pixel.
            out: int8, shape (n_pixels * channels,), C-contiguous, channels interleaved.

        Raises:
            InvalidInputError: the window is empty, a value is no pixel, or ``out`` has another
                size.
        """
        if window.size != self._encoder.count or not window.size:
            if not window.size:
                raise InvalidInputError("the window has 0 pixels, expected at least 1")
            self._encoder = self._encoder_for(window.size)
        check_output(out, window.size * self.channels)
        self._encoder.into(window, out)

    def encoder(self, pixels: int) -> Callable[[FloatArray, Int8Array], None]:
        """What :meth:`extract_into` does, for images of one size and without checking it."""
        return self._encoder_for(pixels).into

    def _encoder_for(self, pixels: int) -> Encoder:
        if self._is_shift:
            return ShiftedColor(pixels) if self.channels == 3 else ShiftedGrey(pixels)
        table = TableColor if self.channels == 3 else TableGrey
        return table(pixels, self._levels, self._step, self._zero_point)


def quantize_image(
    window: npt.ArrayLike,
    config: Mapping[str, Any],
    *,
    scale: float,
    zero_point: float,
    scaling: str = "NONE",
) -> Int8Array:
    """The int8 tensor of one image; errors as those of :class:`QuantizedImage`.

    Args:
        window: one 0xRRGGBB number a pixel, shape (n_pixels,).
        config: of the image block.
        scale: of the tensor.
        zero_point: of the tensor.
        scaling: the image scaling of the network.

    Returns:
        int8, shape (n_pixels * channels,), channels interleaved.
    """
    plan = QuantizedImage(config, scale, zero_point, scaling)
    pixels = as_window(window)
    out = np.empty(pixels.size * plan.channels, np.int8)
    plan.extract_into(pixels, out)
    return out
