"""Scale and zero point of inputs and outputs, from the quantising operators at the borders.

ONNX keeps them in the operator that an input feeds, or that makes an output. Operators between that
only move values about are looked through.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from msgspec import Struct

from .wire import Message

__all__ = ["Quantization", "border_quantization"]

_INTEGERS = {2, 3, 4, 5, 6}
_RAW_DATA, _FLOAT_DATA, _INT32_DATA, _DOUBLE_DATA = 9, 4, 5, 10
# For each type of element its code, and the field that holds values which are not in raw_data.
_LAYOUTS = {
    1: ("f", _FLOAT_DATA),
    2: ("B", _INT32_DATA),
    3: ("b", _INT32_DATA),
    4: ("H", _INT32_DATA),
    5: ("h", _INT32_DATA),
    6: ("i", _INT32_DATA),
    10: ("e", _INT32_DATA),
    11: ("d", _DOUBLE_DATA),
}
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
_NODE, _INITIALIZER = 1, 5
_MOST_VALUES = 1 << 16


class Quantization(Struct, frozen=True):
    """real = (raw - zero_point) * scale, with one scale and zero point or with one a channel."""

    scales: tuple[float, ...]
    zero_points: tuple[int, ...]


class _Node(Struct, frozen=True):
    operator: str
    inputs: list[str]
    outputs: list[str]
    message: Message


def border_quantization(
    graph: Message, inputs: Iterable[Message], outputs: Iterable[Message]
) -> dict[str, Quantization]:
    """The quantisation of the integer inputs and outputs that have one, by name.

    An input that is quantised in two ways has none.

    Args:
        graph: the graph of the file.
        inputs: what it declares as inputs.
        outputs: what it declares as outputs.
    """
    sources = [value.text(1) for value in inputs if _is_integer(value)]
    targets = [value.text(1) for value in outputs if _is_integer(value)]
    if not sources and not targets:
        return {}
    nodes = list(map(_node, graph.messages(_NODE)))
    found = [*_at_inputs(sources, nodes), *_at_outputs(targets, nodes)]
    constants = _constants(graph, nodes, {name for _, node in found for name in node.inputs})
    ways: dict[str, set[Quantization | None]] = {}
    for name, node in found:
        ways.setdefault(name, set()).add(_quantization(node, constants))
    return {name: way for name, (way, *others) in ways.items() if way and not others}


def _is_integer(value: Message) -> bool:
    kind = value.message(2)
    tensor = kind.message(1) if kind else None
    return tensor is not None and tensor.number(1) in _INTEGERS


def _node(message: Message) -> _Node:
    domain = message.text(7)
    operator = message.text(4) if domain in ("", "ai.onnx", "com.microsoft") else ""
    return _Node(operator, message.texts(1), message.texts(2), message)


def _at_inputs(names: Iterable[str], nodes: list[_Node]) -> Iterator[tuple[str, _Node]]:
    """Nodes are in order: what an input was moved into is known before it is used."""
    origin = {name: name for name in names}
    for node in nodes:
        source = origin.get(node.inputs[0]) if node.inputs else None
        if source is None:
            continue
        if node.operator == "DequantizeLinear":
            yield source, node
        elif node.operator in _MOVERS and node.outputs:
            origin[node.outputs[0]] = source


def _at_outputs(names: Iterable[str], nodes: list[_Node]) -> Iterator[tuple[str, _Node]]:
    """One tensor may be moved to several outputs."""
    targets = {name: {name} for name in names}
    for node in reversed(nodes):
        reached = targets.get(node.outputs[0], set()) if node.outputs else set()
        if reached and node.operator == "QuantizeLinear":
            yield from ((name, node) for name in reached)
        elif reached and node.operator in _MOVERS and node.inputs:
            targets.setdefault(node.inputs[0], set()).update(reached)


def _constants(graph: Message, nodes: list[_Node], wanted: set[str]) -> dict[str, Message]:
    """The tensors of these names, as initialisers or as results of Constant nodes."""
    found = {
        name: tensor
        for tensor in graph.messages(_INITIALIZER)
        if (name := tensor.text(8)) in wanted
    }
    for node in nodes:
        if node.operator == "Constant" and node.outputs and node.outputs[0] in wanted:
            for attribute in node.message.messages(5):
                if attribute.text(1) == "value" and (tensor := attribute.message(5)):
                    found[node.outputs[0]] = tensor
    return found


def _quantization(node: _Node, constants: Mapping[str, Message]) -> Quantization | None:
    if len(node.inputs) < 2 or node.inputs[1] not in constants:
        return None
    scales = _values(constants[node.inputs[1]])
    zero = constants.get(node.inputs[2]) if len(node.inputs) > 2 else None
    points = tuple(map(int, _values(zero))) if zero else (0,) * len(scales)
    if not scales or len(scales) != len(points) or not all(0 < s < math.inf for s in scales):
        return None
    return Quantization(scales, points)


def _values(tensor: Message) -> tuple[float, ...]:
    """The first values of a tensor, from whichever of its fields holds them."""
    code, place = _LAYOUTS.get(tensor.number(2), ("B", 0))
    size = struct.calcsize(code)
    raw = b"".join(blob[: _MOST_VALUES * size] for blob in tensor.blobs(_RAW_DATA)[-1:])
    if not raw and place == _INT32_DATA:
        mask = 2 ** (8 * size) - 1
        values = islice(tensor.integers(place), _MOST_VALUES)
        raw = b"".join((value & mask).to_bytes(size, "little") for value in values)
    elif not raw:
        raw = tensor.fixed(place)[: _MOST_VALUES * size]
    return struct.unpack(f"<{len(raw) // size}{code}", raw) if len(raw) % size == 0 else ()
