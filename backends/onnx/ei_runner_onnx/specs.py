"""What ONNX Runtime tells of inputs and outputs, as the core wants to know it."""

from __future__ import annotations

import re
from typing import Any

from ei_runner_core import TensorSpec, UnsupportedModelError

from .borders import Quantization
from .failures import shortened

__all__ = ["tensor_spec"]

_TENSOR = re.compile(r"tensor\((\w+)\)")
_DTYPES = {"float": "float32", "double": "float64"} | {
    name: name
    for name in ("bool", "float16", *(f"{u}int{n}" for u in ("", "u") for n in (8, 16, 32, 64)))
}


def tensor_spec(role: str, argument: Any, quantization: Quantization | None) -> TensorSpec:
    """Describe one input or output.

    Args:
        role: ``"input"`` or ``"output"``.
        argument: what ONNX Runtime has for it.
        quantization: how its integers stand for real values, if they do.

    Raises:
        UnsupportedModelError: it is no tensor, NumPy does not have its type, or each of its
            channels is quantised in its own way.
    """
    name, kind = str(argument.name), str(argument.type)
    match = _TENSOR.fullmatch(kind)
    dtype = _DTYPES.get(match[1]) if match else None
    if dtype is None:
        raise UnsupportedModelError(
            f"the {role} {shortened(repr(name))} is a {shortened(kind)}, expected a tensor of "
            "numbers or booleans that NumPy has; export the network with another type"
        )
    shape = tuple(map(_size, argument.shape))
    scale, zero_point = _scale(role, name, quantization)
    return TensorSpec(name, shape, dtype, scale, zero_point)


def _size(dimension: object) -> int:
    """Symbols and unknown sizes are -1."""
    return dimension if isinstance(dimension, int) and dimension >= 0 else -1


def _scale(role: str, name: str, quantization: Quantization | None) -> tuple[float, int]:
    if quantization is None:
        return 0.0, 0
    if len(quantization.scales) > 1:
        raise UnsupportedModelError(
            f"the {role} {shortened(repr(name))} is quantised with {len(quantization.scales)} "
            "scales, one for each channel, expected one for all; export the network with inputs "
            "and outputs quantised as a whole"
        )
    return quantization.scales[0], quantization.zero_points[0]
