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
from .pixels import Octets, as_octets, read_channels
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
        self._checked(window.size, out).into(window, out)

    def extract_rgb_into(self, rgb: Octets, out: Int8Array) -> None:
        """Encode one image straight from its bytes, several times faster.

        Args:
            rgb: uint8, shape (height, width, 3), or (frames, height, width, 3); best C-contiguous.
            out: int8, shape (n_pixels * channels,), C-contiguous, channels interleaved.

        Raises:
            InvalidInputError: another dtype or shape, no pixels, or ``out`` has another size.
        """
        octets = as_octets(rgb)
        self._checked(octets.size // 3, out).rgb_into(octets, out)

    def encoder(self, pixels: int) -> Callable[[FloatArray, Int8Array], None]:
        """What :meth:`extract_into` does, for images of one size and without checking it.

        The plan is then made for this size, so that :meth:`extract_rgb_into` is, too.
        """
        self._encoder = self._encoder_for(pixels)
        return self._encoder.into

    def _checked(self, pixels: int, out: Int8Array) -> Encoder:
        if pixels != self._encoder.count or not pixels:
            if not pixels:
                raise InvalidInputError("the window has 0 pixels, expected at least 1")
            self._encoder = self._encoder_for(pixels)
        check_output(out, pixels * self.channels)
        return self._encoder

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
