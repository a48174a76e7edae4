"""TVM's importer of ONNX networks, with own forms of some operators.

TVM writes a ``Clip`` as loops that its passes cannot look into, and stacks the inputs of a ``Min``
to reduce them: neither can be joined with the convolution before it, and the layout of what is
around them cannot be changed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache, reduce
from importlib import import_module
from typing import Any

import numpy as np

__all__ = ["OWN_OPERATORS", "imported_graph"]

_FOLDED = {"Max": "maximum", "Min": "minimum", "Sum": "add"}
_BOUNDS_ARE_INPUTS = 11  # from this opset on


def imported_graph(model: Any, shapes: Mapping[str, tuple[int, ...]]) -> Any:
    """TVM's form of a network.

    Args:
        model: the network, checked.
        shapes: of its inputs.
    """
    opset = next((one.version for one in model.opset_import if one.domain in ("", "ai.onnx")), 1)
    sizes = {name: list(shape) for name, shape in shapes.items()}
    importer = _importer()(sizes, "float32", keep_params_in_input=False, sanitize=True)
    return importer.from_onnx(model.graph, opset)


@cache
def _importer() -> Any:
    """A class that needs TVM, which is imported late."""
    frontend = import_module("tvm.relax.frontend.onnx.onnx_frontend")

    class Importer(frontend.ONNXGraphImporter):  # type: ignore[name-defined,misc]
        def _convert_operator(self, op_name: str, inputs: Any, attrs: Any, opset: int) -> Any:
            own = _OWN.get(op_name)
            result = own(op_name, list(inputs), attrs, opset) if own else None
            if result is not None:
                return self.bb.normalize(result)
            return super()._convert_operator(op_name, inputs, attrs, opset)

        def _check_for_unsupported_ops(self, graph: Any) -> None:
            """It is done, and knows of the own forms."""

    return Importer


def _clip(_: str, inputs: Sequence[Any], attributes: Mapping[str, Any], opset: int) -> Any:
    """With bounds that are floats in the file; of others TVM knows."""
    data, *given = inputs
    if opset < _BOUNDS_ARE_INPUTS:
        bounds = [attributes.get("min", -math.inf), attributes.get("max", math.inf)]
    else:
        low, high = [*given, None, None][:2]
        bounds = [_bound(low, -math.inf), _bound(high, math.inf)]
    if not _is_float(data) or None in bounds:
        return None
    op = import_module("tvm.relax").op
    not_below = op.maximum(data, _constant(bounds[0], data))
    return op.minimum(not_below, _constant(bounds[1], data))


def _leaky(_: str, inputs: Sequence[Any], attributes: Mapping[str, Any], __: int) -> Any:
    """As the larger of two, where it is that."""
    (data,), slope = inputs, attributes.get("alpha", 0.01)
    if not _is_float(data) or not 0 <= slope <= 1:
        return None
    op = import_module("tvm.relax").op
    return op.maximum(data, op.multiply(data, _constant(slope, data)))


def _normalized(_: str, inputs: Sequence[Any], attributes: Mapping[str, Any], __: int) -> Any:
    """Divided by the length along an axis, where that is not zero."""
    (data,), op = inputs, import_module("tvm.relax").op
    axis, is_sum = [attributes.get("axis", -1)], attributes.get("p", 2) == 1
    length = op.sum(op.abs(data) if is_sum else op.multiply(data, data), axis, keepdims=True)
    least = _constant(float(np.finfo(str(data.ty.dtype)).tiny), data)  # its root is no zero
    length = op.maximum(length, least)
    return op.divide(data, length if is_sum else op.sqrt(length))


def _bound(given: Any, missing: float) -> float | None:
    """A bound of a ``Clip``; none where it is known only when it runs."""
    if given is None:
        return missing
    if not _is_constant(given):
        return None
    value = float(given.value.numpy())
    return missing if math.isnan(value) else value  # as ONNX Runtime has it


def _folded(name: str, inputs: Sequence[Any], _: Mapping[str, Any], __: int) -> Any:
    """Two by two, unless it is a constant."""
    if all(map(_is_constant, inputs)):
        return None
    return reduce(getattr(import_module("tvm.relax").op, _FOLDED[name]), inputs)


def _is_float(expression: Any) -> bool:
    return str(expression.ty.dtype).startswith("float")


def _constant(value: float | None, like: Any) -> Any:
    return import_module("tvm.relax").const(value, str(like.ty.dtype))


def _is_constant(expression: Any) -> bool:
    return isinstance(expression, import_module("tvm.ir").GenericConst)


_OWN: dict[str, Callable[..., Any]] = {
    "Clip": _clip,
    "LeakyRelu": _leaky,
    "LpNormalization": _normalized,
    **dict.fromkeys(_FOLDED, _folded),
}
OWN_OPERATORS = frozenset(_OWN)
"""What is converted here; TVM need not know it."""
