"""What a server asks of a model: windows in, results out, whatever kind of model it is."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter_ns
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ei_runner_core import InferenceResult, Timing, UnsupportedModelError

if TYPE_CHECKING:
    from ei_runner_core import EdgeImpulseModel, ModelParameters

__all__ = ["FreeformOutput", "ServedModel", "served_model"]

Window = npt.NDArray[np.float32]


@dataclass(frozen=True)
class FreeformOutput:
    """A tensor of a freeform model. ``size`` is 0 where its shape is not fixed."""

    name: str
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """The number of values."""
        return math.prod(self.shape) if min(self.shape, default=1) > 0 else 0


@dataclass(frozen=True)
class ServedModel:
    """A model that takes windows.

    ``window_length`` and ``slice_length`` are numbers of values, with all axes; a model that takes
    no slices has a ``slice_length`` of 0. ``outputs`` are the tensors of a freeform model.
    """

    model: EdgeImpulseModel
    parameters: ModelParameters
    classify: Callable[[Window], InferenceResult]
    window_length: int
    slice_length: int
    outputs: tuple[FreeformOutput, ...] = ()

    @property
    def block_ids(self) -> frozenset[int]:
        """The ids of all blocks that may have thresholds."""
        impulse = self.model.impulse
        blocks = (*impulse.learn, *impulse.postprocessing) if impulse else ()
        known = {threshold.id for threshold in self.model.thresholds}
        return frozenset(known.union(block.id for block in blocks))

    def restart(self) -> None:
        """Make it as new for the next client: with its own thresholds and without a past."""
        self.model.reset()
        for block in self.parameters.thresholds:
            if block.values:
                self.model.set_threshold(block.id, **block.values)


def served_model(model: EdgeImpulseModel) -> ServedModel:
    """See how a model can be served.

    Raises:
        UnsupportedModelError: it is a bare network with other inputs than one float32 tensor of
            fixed shape.
    """
    if not model.input_size:
        return _bare_network(model)
    parameters = model.parameters
    is_freeform = parameters.model_type == "freeform"
    return ServedModel(
        model,
        parameters,
        model.infer,
        model.input_size,
        parameters.slice_size * parameters.axis_count,
        _outputs_of_impulse(model) if is_freeform else (),
    )


def _outputs_of_impulse(model: EdgeImpulseModel) -> tuple[FreeformOutput, ...]:
    """What the tensors are is seen from those of a first window."""
    window = np.zeros(model.input_size, np.float32)
    tensors = model.infer(window).freeform or ()
    names = list(model.infer_freeform(window))
    model.reset()
    if len(names) != len(tensors):
        names = [f"output_{index}" for index in range(len(tensors))]
    pairs = zip(names, tensors, strict=True)
    return tuple(FreeformOutput(name, tensor.shape) for name, tensor in pairs)


def _bare_network(model: EdgeImpulseModel) -> ServedModel:
    from msgspec.structs import replace

    shape = _only_shape(model)
    length = math.prod(shape)
    names = model.infer_freeform(np.zeros(shape, np.float32))
    outputs = tuple(
        FreeformOutput(name, spec.shape) for name, spec in zip(names, model.outputs, strict=True)
    )

    def classify(window: Window) -> InferenceResult:
        begin = perf_counter_ns()
        tensors = model.infer_freeform(window.reshape(shape)).values()
        microseconds = (perf_counter_ns() - begin) // 1000
        return InferenceResult(
            freeform=tuple(tensor.astype(np.float32, copy=False) for tensor in tensors),
            timing=Timing(classification_us=microseconds),
        )

    parameters = replace(model.parameters, input_features_count=length)
    return ServedModel(model, parameters, classify, length, 0, outputs)


def _only_shape(model: EdgeImpulseModel) -> tuple[int, ...]:
    specs = model.inputs
    if len(specs) == 1 and specs[0].dtype == "float32" and min(specs[0].shape, default=1) > 0:
        return specs[0].shape
    found = ", ".join(f"{spec.dtype} {list(spec.shape)}" for spec in specs) or "none"
    raise UnsupportedModelError(
        f"{model.path} is a bare network with the inputs {found}, and an .eim takes one window of "
        "numbers: serve a network with one float32 input of fixed shape, or a bundle with an "
        "impulse.json"
    )
