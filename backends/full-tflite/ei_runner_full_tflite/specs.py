"""What a runtime tells of its tensors, as the core wants to know it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ei_runner_core import TensorSpec, UnsupportedModelError

__all__ = ["tensor_spec"]

_KINDS = "biufc"
_INTEGERS = "iu"


def tensor_spec(name: str, details: Mapping[str, Any]) -> TensorSpec:
    """Describe one input or output.

    Args:
        name: what it is called in the graph that runs.
        details: what the runtime's ``get_input_details`` or ``get_output_details`` has for it.

    Raises:
        UnsupportedModelError: it holds text or something else that is not a number, or each of
            its channels is quantised in its own way.
    """
    dtype = np.dtype(details["dtype"])
    if dtype.kind not in _KINDS:
        raise UnsupportedModelError(
            f"the tensor {name!r} holds {dtype.name}, expected numbers or booleans; export the "
            "network without its text processing"
        )
    scale, zero_point = _quantization(name, details["quantization_parameters"])
    if dtype.kind not in _INTEGERS:
        scale, zero_point = 0.0, 0
    return TensorSpec(name, _shape(details), dtype.name, scale, zero_point)


def _shape(details: Mapping[str, Any]) -> tuple[int, ...]:
    """With -1 for dynamic dimensions; old networks know only the shape that they start with."""
    signature = details["shape_signature"]
    shape = signature if len(signature) else details["shape"]
    return tuple(int(size) for size in shape)


def _quantization(name: str, parameters: Mapping[str, Any]) -> tuple[float, int]:
    scales, zero_points = parameters["scales"], parameters["zero_points"]
    if len(scales) > 1:
        raise UnsupportedModelError(
            f"the tensor {name!r} is quantised with {len(scales)} scales, one for each channel, "
            "expected one for all; export the network with inputs and outputs quantised as a whole"
        )
    if not len(scales):
        return 0.0, 0
    return float(scales[0]), int(zero_points[0]) if len(zero_points) else 0
