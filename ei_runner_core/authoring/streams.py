"""The slices of a stream, for engines that can work on slices and for those that cannot."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from ..parameters import ModelParameters
from ..results import InferenceResult
from .sliding import SlidingWindow

__all__ = ["SliceStream"]

FloatArray = npt.NDArray[np.float32]


class SliceStream:
    """One stream of slices. An engine that cannot work on slices gets whole windows.

    Args:
        parameters: of the model; ``use_continuous_mode`` says whether its engine works on slices.
    """

    def __init__(self, parameters: ModelParameters) -> None:
        size = max(parameters.slice_size * parameters.axis_count, 1)
        self._slices_of_a_window = -(-parameters.input_features_count // size)
        self._window = SlidingWindow(parameters.input_features_count)
        self._by_slice = parameters.use_continuous_mode
        self._seen = 0  # slices, by the engine

    @property
    def is_first(self) -> bool:
        """Whether the engine has seen one slice at most."""
        return self._seen <= 1

    def answer(
        self,
        piece: FloatArray,
        by_slice: Callable[[FloatArray], InferenceResult | None],
        by_window: Callable[[FloatArray], InferenceResult],
    ) -> InferenceResult:
        """Answer the window that ends with a slice; not ready while too little was seen.

        Args:
            piece: the slice.
            by_slice: lets the engine work on the slice; ``None`` if it turns out that it cannot,
                and it is not asked again.
            by_window: lets the engine work on a window.
        """
        if self._by_slice:
            self._seen += 1
            result = by_slice(piece)
            if result is not None:
                return self._unless_too_early(result)
            self._by_slice = False
        window = self._window.push(piece)
        return InferenceResult(ready=False) if window is None else by_window(window)

    def restart(self) -> None:
        """The engine has forgotten what it has seen."""
        self._seen = 0

    def reset(self) -> None:
        """A new stream begins."""
        self._seen = 0
        self._window.reset()

    def _unless_too_early(self, result: InferenceResult) -> InferenceResult:
        if self._seen < self._slices_of_a_window and _says_nothing(result):
            return InferenceResult(ready=False, timing=result.timing)
        return result


def _says_nothing(result: InferenceResult) -> bool:
    """Whether a slice was answered with zeros, which is how the SDK says that it needs more."""
    return not any((result.classification or {}).values()) and not result.bounding_boxes
