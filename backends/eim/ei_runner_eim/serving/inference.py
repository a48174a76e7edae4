"""From the numbers of a request to the answer: those in its text, or those in shared memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .replies import described_result
from .requests import Refused, as_window

if TYPE_CHECKING:
    from ei_runner_core import InferenceResult

    from .shared_tensors import SharedTensors

__all__ = ["Inference"]

Window = npt.NDArray[np.float32]
Request = dict[str, Any]

_NO_SLICES = "Classifying failed, error code was -5"


class Inference:
    """One of the two things that a model does: whole windows, or slices of a stream.

    Args:
        key: what the request is called.
        length: how many values the model takes; 0 if it takes none.
        classify: the model's method for them.
        zeros: what is answered while the model has no answer yet.
        shared: the segments.
    """

    def __init__(
        self,
        key: str,
        length: int,
        classify: Callable[[Window], InferenceResult],
        zeros: InferenceResult,
        shared: SharedTensors,
    ) -> None:
        self._key = key
        self._shared_key = f"{key}_shm"
        # what an .eim calls it in its errors
        self._shared_name = f"{key.replace('classify', 'classify_data')}_shm"
        self._length = length
        self._classify = classify
        self._zeros = zeros
        self._shared = shared

    def from_numbers(self, request: Request, message: bytes) -> Request:
        """Answer ``{"classify": [numbers]}``."""
        window = as_window(request[self._key], self._length, self._key, message)
        result = self._run(window, request)
        tensors = result.freeform
        return described_result(result, tensors and [tensor.reshape(-1) for tensor in tensors])

    def from_segment(self, request: Request, message: bytes) -> Request:
        """Answer ``{"classify_shm": {"elements": N}}``, straight from the segment."""
        result = self._run(self._shared_window(request), request)
        tensors = result.freeform
        if tensors is None or not self._shared.takes_outputs:
            return described_result(result, tensors and [tensor.reshape(-1) for tensor in tensors])
        self._shared.write(tensors)
        return described_result(result, "shm")

    def _shared_window(self, request: Request) -> Window:
        key, segment = self._shared_key, self._shared.input
        if segment is None:
            raise Refused(f"Cannot use '{key}', {self._shared.error}")
        elements = request[key].get("elements")
        if type(elements) is not int or elements < 0:
            raise Refused(f"Missing 'elements' in '{self._shared_name}'")
        if elements != self._length:
            raise Refused(
                f"Invalid value for '{self._shared_name}.elements', expected {self._length}, but "
                f"got {elements}"
            )
        return segment.array[:elements]

    def _run(self, window: Window, request: Request) -> InferenceResult:
        if not self._length:
            raise Refused(_NO_SLICES)
        result = self._classify(window)
        if request.get("debug") is True:
            from .debugging import show_inference

            show_inference(window, result)
        return result if result.ready else self._zeros
