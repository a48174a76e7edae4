"""One number a pixel, as models take images."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..errors import InvalidInputError
from .loading import check_rgb

__all__ = ["pack"]

# Sums of bytes times these stay whole and below 2**24, so that float32 adds them without an error.
_WEIGHTS = np.array([0x10000, 0x100, 1], np.float32)


def pack(rgb: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """One feature a pixel, row by row, as Studio packs them: 0xRRGGBB as a number.

    Args:
        rgb: uint8, shape (height, width, 3), or (n, height, width, 3) for a batch.

    Returns:
        float32, shape (height * width,), or (n, height * width) for a batch.

    Raises:
        InvalidInputError: another dtype or shape, or no pixel at all.
    """
    check_rgb(rgb, (3, 4))
    if not rgb.size:
        raise InvalidInputError(
            f"the image array of shape {rgb.shape} is empty, expected at least one pixel"
        )
    packed: npt.NDArray[np.float32] = rgb.reshape(-1, 3) @ _WEIGHTS
    return packed if rgb.ndim == 3 else packed.reshape(rgb.shape[0], -1)
