"""The inputs and outputs of a graph, as ei-runner wants them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ei_runner_core import ModelFormatError, TensorSpec, UnsupportedModelError

from .borders import NOT_QUANTIZED, Quantization, input_quantization, output_quantization

__all__ = ["input_specs", "output_specs"]

_DTYPES = {
    "boolean": "bool",
    "i8": "int8", "i16": "int16", "i32": "int32", "i64": "int64",
    "u8": "uint8", "u16": "uint16", "u32": "uint32", "u64": "uint64",
    "f16": "float16", "f32": "float32", "f64": "float64",
}  # fmt: skip


def input_specs(graph: Any) -> tuple[TensorSpec, ...]:
    """All inputs of a graph."""
    return tuple(_spec(port, input_quantization) for port in graph.inputs)


def output_specs(graph: Any) -> tuple[TensorSpec, ...]:
    """All outputs of a graph."""
    return tuple(_spec(port, output_quantization) for port in graph.outputs)


def _spec(port: Any, quantization: Callable[[Any], Quantization]) -> TensorSpec:
    name, kind = _name(port), port.element_type.type_name
    if port.partial_shape.rank.is_dynamic or kind not in _DTYPES:
        raise UnsupportedModelError(
            f"the tensor {name!r} is of the type {kind} and the shape {port.partial_shape}: "
            "expected a number of dimensions that is known, and numbers that NumPy has"
        )
    dtype = np.dtype(_DTYPES[kind])
    shape = tuple(size.get_length() if size.is_static else -1 for size in port.partial_shape)
    found = quantization(port.node) if dtype.kind in "iu" else NOT_QUANTIZED
    return TensorSpec(name, shape, dtype.name, *found)


def _name(port: Any) -> str:
    try:
        return str(port.any_name if port.names else port.node.friendly_name)
    except UnicodeDecodeError as error:
        reason = "a tensor has a name that is no text: export the network again"
        raise ModelFormatError(reason) from error
