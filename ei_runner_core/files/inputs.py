"""The three forms that one input of a model can have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["FeatureWindow", "ImageWindow", "TensorWindow", "WindowInput"]


@dataclass(frozen=True, eq=False)
class FeatureWindow:
    """Raw values, ready for ``EdgeImpulseModel.infer``.

    ``values`` is float32, finite, of the shape (parameters.input_features_count,).
    """

    values: npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class ImageWindow:
    """A picture of any size, for ``EdgeImpulseModel.infer_image``.

    ``pixels`` is uint8, RGB, of the shape (height, width, 3).
    """

    pixels: npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class TensorWindow:
    """Tensors for ``EdgeImpulseModel.infer_freeform``: one array, or arrays by input name."""

    tensors: npt.NDArray[Any] | Mapping[str, npt.NDArray[Any]]


WindowInput = FeatureWindow | ImageWindow | TensorWindow
"""One input for a model."""
