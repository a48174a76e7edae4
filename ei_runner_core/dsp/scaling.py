"""What happens to features between their block and the network: scaling and normalisation."""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt

from ..errors import InvalidInputError, UnsupportedModelError

__all__ = ["SCALINGS", "TORCH_DEVIATION", "TORCH_MEAN", "ImageScaler", "normalize", "scale_image"]

FloatArray = npt.NDArray[np.float32]

SCALINGS = ("NONE", "0_255", "TORCH", "MIN1_1", "MIN128_127", "BGR_SUBTRACT_IMAGENET_MEAN")
TORCH_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
TORCH_DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)
_IMAGENET_MEAN_BGR = np.array([103.939, 116.779, 123.68], np.float32)
_PER_CHANNEL = ("TORCH", "BGR_SUBTRACT_IMAGENET_MEAN")


class ImageScaler:
    """Brings features of an image block from 0..1 to the range that a network was trained with.

    Args:
        scaling: ``NONE``, ``0_255`` (times 255), ``TORCH`` (minus mean, by deviation),
            ``MIN1_1`` (-1..1), ``MIN128_127`` (-128..127) or ``BGR_SUBTRACT_IMAGENET_MEAN``.
        n: number of features.
        channels: 3 or 1 features a pixel; the scalings by channel need 3.

    Raises:
        InvalidInputError: an unknown scaling, or ``n`` is no multiple of ``channels``.
        UnsupportedModelError: the scaling is not defined for grey images.
    """

    def __init__(self, scaling: str, n: int, channels: int = 3) -> None:
        check_scaling(scaling)
        if scaling in _PER_CHANNEL:
            if channels != 3:
                raise UnsupportedModelError(
                    f"the image scaling {scaling} is defined for RGB images only, this one has "
                    f"{channels} channel; retrain the model with RGB or another scaling"
                )
            if n % 3:
                raise InvalidInputError(
                    f"the image scaling {scaling} needs R, G and B of each pixel: {n} features "
                    "are not a multiple of 3"
                )
        self._scaling = scaling
        pixels = n // 3 if scaling in _PER_CHANNEL else 0
        # as long as the features: adding them in one run is ten times as fast as three a pixel
        self._mean = np.tile(TORCH_MEAN if scaling == "TORCH" else _IMAGENET_MEAN_BGR, pixels)
        self._deviation = np.tile(TORCH_DEVIATION, pixels)

    def into(self, features: FloatArray, out: FloatArray) -> None:
        """Scale features.

        Args:
            features: float32, shape (n,).
            out: float32, shape (n,); for all scalings but BGR it may be ``features`` itself.
        """
        scaling = self._scaling
        if scaling == "TORCH":
            np.subtract(features, self._mean, out)
            np.divide(out, self._deviation, out)
        elif scaling == "MIN1_1":
            np.multiply(features, np.float32(2), out)
            np.subtract(out, np.float32(1), out)
        elif scaling == "NONE":
            out[...] = features
        else:
            if scaling == "BGR_SUBTRACT_IMAGENET_MEAN":
                features = _swapped_into(features, out)
            np.multiply(features, np.float32(255), out)
            if scaling == "MIN128_127":
                np.subtract(out, np.float32(128), out)
            elif scaling == "BGR_SUBTRACT_IMAGENET_MEAN":
                np.subtract(out, self._mean, out)


def _swapped_into(features: FloatArray, out: FloatArray) -> FloatArray:
    pixels, swapped = features.reshape(-1, 3), out.reshape(-1, 3)
    for channel in range(3):
        swapped[:, channel] = pixels[:, 2 - channel]
    return out


def check_scaling(scaling: str) -> None:
    """Raise InvalidInputError for a scaling that does not exist."""
    if scaling not in SCALINGS:
        raise InvalidInputError(
            f"there is no image scaling {scaling!r}; expected one of {', '.join(SCALINGS)}"
        )


@functools.lru_cache(maxsize=8)
def _scaler(scaling: str, n: int, channels: int) -> ImageScaler:
    return ImageScaler(scaling, n, channels)


def scale_image(features: FloatArray, scaling: str, *, channels: int = 3) -> FloatArray:
    """Features of an image block as the network was trained with them.

    Args:
        features: float32, shape (n,), from 0 to 1.
        scaling: as for :class:`ImageScaler`, with its errors.
        channels: 3 or 1 features a pixel.

    Returns:
        float32, shape (n,); a new array.
    """
    values = np.ascontiguousarray(features, np.float32).reshape(-1)
    out = np.empty_like(values)
    _scaler(scaling, values.size, channels).into(values, out)
    return out


def normalize(features: npt.ArrayLike, mean: npt.ArrayLike, scale: npt.ArrayLike) -> FloatArray:
    """Standardise features: (features - mean) * scale, in float32.

    Args:
        features: real numbers, shape (n,).
        mean: one value for each feature.
        scale: one factor for each feature: 1 / standard deviation.

    Returns:
        float32, shape (n,); a new array.

    Raises:
        InvalidInputError: the three have different lengths.
    """
    values, means, factors = (np.asarray(a, np.float32) for a in (features, mean, scale))
    if not values.shape == means.shape == factors.shape:
        raise InvalidInputError(
            f"cannot normalise features of shape {values.shape} with mean {means.shape} and scale "
            f"{factors.shape}; expected one mean and one scale for each feature"
        )
    return (values - means) * factors
