"""Scale and zero point of integer inputs and outputs of ONNX networks.

ONNX keeps them in the operator that an input feeds, or that makes an output. Operators between that
only move values about are looked through.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

from ei_runner_core import UnsupportedModelError

from .messages import shortened

__all__ = ["border_quantization", "constants_of"]

Way = tuple[tuple[float, ...], tuple[int, ...]]

_INTEGERS = {2, 3, 4, 5, 6}
_DOMAINS = ("", "ai.onnx", "com.microsoft")
_MOVERS = {
    "Flatten",
    "Identity",
    "MaxPool",
    "Reshape",
    "Slice",
    "Squeeze",
    "Transpose",
    "Unsqueeze",
}


def border_quantization(graph: Any) -> dict[str, tuple[float, int]]:
    """Scale and zero point by name, of those integer inputs and outputs that have one way.

    Raises:
        UnsupportedModelError: one has a scale for each of its channels.
    """
    sources, targets = (
        [value.name for value in values if value.type.tensor_type.elem_type in _INTEGERS]
        for values in (graph.input, graph.output)
    )
    found = [*_at_inputs(sources, graph.node), *_at_outputs(targets, graph.node)]
    constants = constants_of(graph) if found else {}
    ways: dict[str, set[Way | None]] = {}
    for name, node in found:
        ways.setdefault(name, set()).add(_way(node, constants))
    clear = {name: way for name, (way, *others) in ways.items() if way and not others}
    return {name: _whole(name, *way) for name, way in clear.items()}


def _at_inputs(names: list[str], nodes: Any) -> Iterator[tuple[str, Any]]:
    """Nodes are in order: what an input was moved into is known before it is used."""
    origin = {name: name for name in names}
    for node in nodes:
        source = origin.get(node.input[0]) if node.input else None
        if source is None or node.domain not in _DOMAINS:
            continue
        if node.op_type == "DequantizeLinear":
            yield source, node
        elif node.op_type in _MOVERS and node.output:
            origin[node.output[0]] = source


def _at_outputs(names: list[str], nodes: Any) -> Iterator[tuple[str, Any]]:
    """One tensor may be moved to several outputs."""
    targets = {name: {name} for name in names}
    for node in reversed(nodes):
        reached = targets.get(node.output[0], set()) if node.output else set()
        if not reached or node.domain not in _DOMAINS:
            continue
        if node.op_type == "QuantizeLinear":
            yield from ((name, node) for name in reached)
        elif node.op_type in _MOVERS and node.input:
            targets.setdefault(node.input[0], set()).update(reached)


def constants_of(graph: Any) -> dict[str, Any]:
    """The tensors of a graph by name that are in the file."""
    found = {tensor.name: tensor for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant" and node.output:
            for attribute in node.attribute:
                if attribute.name == "value":
                    found[node.output[0]] = attribute.t
    return found


def _way(node: Any, constants: Mapping[str, Any]) -> Way | None:
    to_array = import_module("onnx.numpy_helper").to_array
    parameters = [constants.get(name) for name in node.input[1:3]]
    if not parameters or None in parameters:
        return None
    scale, *zero = parameters
    scales = tuple(map(float, to_array(scale).ravel()))
    points = tuple(map(int, to_array(zero[0]).ravel())) if zero else (0,) * len(scales)
    if not scales or len(scales) != len(points) or not all(0 < s < math.inf for s in scales):
        return None
    return scales, points


def _whole(name: str, scales: tuple[float, ...], points: tuple[int, ...]) -> tuple[float, int]:
    if len(scales) > 1:
        raise UnsupportedModelError(
            f"the tensor {shortened(repr(name), 200)} is quantised with {len(scales)} scales, one "
            "for each channel, expected one for all; export the network with inputs and outputs "
            "quantised as a whole"
        )
    return scales[0], points[0]
