"""The inputs and outputs of a TensorFlow Lite network, as its own runtimes describe them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ei_runner_core import TensorSpec, UnsupportedModelError

from .messages import shortened

__all__ = ["DTYPES", "is_quantized", "named_tensors", "tensor_spec"]

DTYPES = {
    0: "float32", 1: "float16", 2: "int32", 3: "uint8", 4: "int64", 6: "bool", 7: "int16",
    9: "int8", 10: "float64", 12: "uint64", 15: "uint32", 16: "uint16",
}  # fmt: skip
"""TensorFlow Lite's numbers of the types that NumPy has."""


def named_tensors(graph: Any, indices: Iterable[Any]) -> dict[str, Any]:
    """The tensors at these indices by name; later ones of the same name get their index added."""
    named: dict[str, Any] = {}
    for index in map(int, indices):
        tensor = graph.Tensors(index)
        name = tensor.Name().decode("utf-8")
        named[f"{name}#{index}" if name in named else name] = tensor
    return named


def is_quantized(tensor: Any) -> bool:
    """Whether the file says how its whole numbers stand for others."""
    parameters = tensor.Quantization()
    return bool(parameters and parameters.ScaleLength())


def tensor_spec(name: str, tensor: Any) -> TensorSpec:
    """Describe an input or output.

    Args:
        name: what it is called among the others.
        tensor: what the file says of it.

    Raises:
        UnsupportedModelError: it holds no numbers, or each of its channels is quantised in its own
            way.
    """
    shown = shortened(repr(name), 200)
    dtype = DTYPES.get(tensor.Type())
    if dtype is None:
        raise UnsupportedModelError(
            f"the tensor {shown} has the type number {tensor.Type()} of TensorFlow Lite, expected "
            "numbers or booleans that NumPy has; export the network with another type"
        )
    scale, zero_point = _quantization(shown, tensor.Quantization())
    if "int" not in dtype:
        return TensorSpec(name, _shape(tensor), dtype)
    return TensorSpec(name, _shape(tensor), dtype, scale, zero_point)


def _shape(tensor: Any) -> tuple[int, ...]:
    """With -1 for dynamic dimensions; old networks know only the shape that they start with."""
    has_signature = tensor.ShapeSignatureLength() > 0
    shape = tensor.ShapeSignatureAsNumpy() if has_signature else tensor.ShapeAsNumpy()
    return tuple(map(int, shape)) if tensor.ShapeLength() else ()


def _quantization(shown: str, parameters: Any) -> tuple[float, int]:
    count = parameters.ScaleLength() if parameters else 0
    if count > 1:
        raise UnsupportedModelError(
            f"the tensor {shown} is quantised with {count} scales, one for each channel, expected "
            "one for all; export the network with inputs and outputs quantised as a whole"
        )
    if not count:
        return 0.0, 0
    return float(parameters.Scale(0)), (
        int(parameters.ZeroPoint(0)) if parameters.ZeroPointLength() else 0
    )
