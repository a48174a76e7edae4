"""The shared memory that a server offers: one segment for the input, one for each output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..shared_memory import Segment

if TYPE_CHECKING:
    import numpy as np

    from .served_model import ServedModel
    from .signals import StopSignals

__all__ = ["SharedTensors"]

_SWITCHED_OFF = "shared memory is switched off"


class SharedTensors:
    """Segments for one client after the other; those of the last one go with the process.

    ``error`` tells why there are none, once they should be there.
    """

    def __init__(self, model: ServedModel, stop: StopSignals, *, is_wanted: bool) -> None:
        has_fixed_outputs = all(output.size for output in model.outputs)
        outputs = model.outputs if has_fixed_outputs else ()
        self._lengths = (model.window_length, *(output.size for output in outputs))
        self._stop = stop
        self._is_wanted = is_wanted
        self._segments: list[Segment] = []
        self.error = ""
        stop.add_removal(self.close)

    def open(self) -> None:
        """Make all segments, or none and remember why."""
        self.error = "" if self._is_wanted else _SWITCHED_OFF
        if not self._is_wanted:
            return
        try:
            for length in self._lengths:
                with self._stop.held():
                    self._segments.append(Segment.create(length))
        except (OSError, ValueError) as error:
            self.close()
            self.error = f"shared memory is not available: {error}"

    def close(self) -> None:
        """Remove all segments; who has mapped them keeps them."""
        for segment in self._segments:
            segment.unlink()
            segment.close()
        self._segments = []

    @property
    def input(self) -> Segment | None:
        """The segment of the window, if there is one."""
        return self._segments[0] if self._segments else None

    @property
    def takes_outputs(self) -> bool:
        """Whether there is a segment for each output tensor."""
        return len(self._segments) > 1

    def write(self, tensors: Sequence[np.ndarray]) -> None:
        """Hand the output tensors over."""
        for segment, tensor in zip(self._segments[1:], tensors, strict=True):
            segment.array[:] = tensor.reshape(-1)

    def to_dict(self) -> Mapping[str, Any]:
        """The part of the hello reply that tells of them."""
        if not self._segments:
            return {"features_shm_error": self.error}
        features, *outputs = self._segments
        reply: dict[str, Any] = {"features_shm": _described(features)}
        if outputs:
            reply["freeform_output_shm"] = [
                {"index": index, **_described(segment)} for index, segment in enumerate(outputs)
            ]
        return reply


def _described(segment: Segment) -> dict[str, Any]:
    return {
        "name": segment.name,
        "size_bytes": segment.size_bytes,
        "type": "float32",
        "elements": segment.elements,
    }
