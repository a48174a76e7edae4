"""What a network file tells that ONNX Runtime does not: declared inputs and external data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from .borders import Quantization, border_quantization
from .wire import DamageError, Message, signed

__all__ = ["Dimension", "NetworkFile", "read_network"]

Dimension = int | str | None
"""A size, the name of a symbol, or nothing."""

_GRAPH = 7
_INPUT, _OUTPUT = 11, 12
_EXTERNAL_DATA, _DATA_LOCATION, _EXTERNAL = 13, 14, 1

# The fields of each kind of message that lead down to tensors.
_WAYS_DOWN = {
    "model": {_GRAPH: "graph", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse tensor"},
    "function": {7: "node"},
    "node": {5: "attribute"},
    "attribute": {
        5: "tensor",
        6: "graph",
        10: "tensor",
        11: "graph",
        22: "sparse tensor",
        23: "sparse tensor",
    },
    "sparse tensor": {1: "tensor", 2: "tensor"},
}


@dataclass(frozen=True)
class NetworkFile:
    """A file, read as far as needed; what is damaged in it is for ONNX Runtime to refuse.

    ``input_shapes`` has None for an input that declares no shape. ``quantization`` has the inputs
    and outputs that one scale turns into real values. ``external_data`` are the paths in the file.
    """

    input_shapes: Mapping[str, tuple[Dimension, ...] | None] = field(default_factory=dict)
    quantization: Mapping[str, Quantization] = field(default_factory=dict)
    external_data: tuple[str, ...] = ()


def read_network(content: bytes) -> NetworkFile:
    """Read a network file; never fails."""
    model = Message(memoryview(content))
    try:
        graph = model.message(_GRAPH)
        if graph is None:
            return NetworkFile()
        inputs, outputs = list(graph.messages(_INPUT)), list(graph.messages(_OUTPUT))
        return NetworkFile(
            {value.text(1): _shape(value) for value in inputs},
            border_quantization(graph, inputs, outputs),
            tuple(_external_data(model)) if b"location" in content else (),
        )
    except DamageError:
        return NetworkFile()


def _shape(value: Message) -> tuple[Dimension, ...] | None:
    kind = value.message(2)
    tensor = kind.message(1) if kind else None
    shape = tensor.message(2) if tensor else None
    return None if shape is None else tuple(map(_dimension, shape.messages(1)))


def _dimension(dimension: Message) -> Dimension:
    for number, value in dimension:
        if number == 1 and isinstance(value, int):
            size = signed(value)
            return size if size >= 0 else None
        if number == 2:
            return dimension.text(2) or None
    return None


def _external_data(model: Message) -> Iterator[str]:
    """The paths of all tensors in the file whose values are kept in other files."""
    waiting = [("model", model)]
    while waiting:
        kind, message = waiting.pop()
        if kind == "tensor":
            yield from _locations(message)
            continue
        ways = _WAYS_DOWN[kind]
        for number, value in message:
            if number in ways and isinstance(value, memoryview):
                waiting.append((ways[number], Message(value)))


def _locations(tensor: Message) -> Iterator[str]:
    if tensor.number(_DATA_LOCATION) == _EXTERNAL:
        for entry in tensor.messages(_EXTERNAL_DATA):
            if entry.text(1) == "location":
                yield entry.text(2)
