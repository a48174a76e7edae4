"""How windows go to a program, and large tensors come back: in shared memory or as text."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ei_runner_core import ModelParameters, SharedMemoryInfo, UnsupportedModelError
from ei_runner_core.authoring import one_line

from .messages import numbers
from .shared_memory import Segment

__all__ = ["SharedTensors", "TensorsAsText", "share_tensors"]

FloatArray = npt.NDArray[np.float32]
_log = logging.getLogger(__name__)


class TensorsAsText:
    """All values stand in the messages."""

    def __init__(self, parameters: ModelParameters) -> None:
        self._are_pixels = parameters.is_image

    def question(self, name: str, window: FloatArray) -> bytes:
        """The question with its values, without its end."""
        return b'{"%b":%b' % (name.encode(), numbers(window, self._are_pixels))

    def freeform(self) -> tuple[FloatArray, ...] | None:
        """The tensors that a reply says are in shared memory: there are none."""
        return None

    def close(self) -> None:
        """There is nothing to unmap."""


class SharedTensors:
    """The values of a window, and of freeform outputs, lie in segments that the program made."""

    def __init__(self, window: Segment, outputs: Sequence[Segment]) -> None:
        self._window = window
        self._outputs = outputs

    def question(self, name: str, window: FloatArray) -> bytes:
        """Write the values, and ask about them."""
        self._window.array[: window.size] = window
        return b'{"%b_shm":{"elements":%d}' % (name.encode(), window.size)

    def freeform(self) -> tuple[FloatArray, ...]:
        """Copies of the tensors that the program wrote."""
        return tuple(segment.array.copy() for segment in self._outputs)

    def close(self) -> None:
        """Unmap the segments; the program removes them."""
        for segment in (self._window, *self._outputs):
            segment.close()


def share_tensors(
    name: str, parameters: ModelParameters, mode: str
) -> SharedTensors | TensorsAsText:
    """Map what the program offers, as the option ``shared_memory`` says.

    Args:
        name: of the model, for messages.
        parameters: what it tells about itself.
        mode: ``auto``, ``always`` or ``never``.

    Raises:
        UnsupportedModelError: shared memory was asked for, and does not work.
    """
    if mode == "never":
        return TensorsAsText(parameters)
    try:
        return _map(parameters)
    except (OSError, ValueError) as error:
        if mode == "always":
            raise UnsupportedModelError(
                f"{name} cannot have shared_memory 'always': {one_line(error)}; use 'auto', which "
                "sends the values as text then"
            ) from error
        _log.debug("%s has no shared memory: %s", name, error)
        return TensorsAsText(parameters)


def _map(parameters: ModelParameters) -> SharedTensors:
    info = parameters.features_shm
    if info is None:
        why = parameters.features_shm_error
        raise ValueError("the model offers none" + (f" ({why})" if why else ""))
    if info.elements < parameters.input_features_count or info.type != "float32":
        raise ValueError(
            f"the model offers {info.elements} values of {info.type} for a window of "
            f"{parameters.input_features_count} values of float32"
        )
    mapped: list[Segment] = []
    try:
        for one in (info, *_in_order(parameters.freeform_output_shm)):
            mapped.append(Segment.attach(one.name, one.elements))  # noqa: PERF401 - what is mapped before an error has to be known
    except BaseException:
        for segment in mapped:
            segment.close()
        raise
    return SharedTensors(mapped[0], mapped[1:])


def _in_order(outputs: Sequence[SharedMemoryInfo]) -> list[SharedMemoryInfo]:
    return sorted(outputs, key=lambda info: info.index or 0)
