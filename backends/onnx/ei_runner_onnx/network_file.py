"""What a network file tells that ONNX Runtime does not: declared inputs and external data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct, field

from ei_runner_core import ModelFormatError, UnsupportedModelError

from .borders import Quantization, border_quantization
from .wire import MOST_FIELDS, DamageError, Message, TooManyFieldsError, signed

__all__ = ["Dimension", "NetworkFile", "read_network"]

Dimension = int | str | None
"""A size, the name of a symbol, or nothing."""

_GRAPH = 7
_INPUT, _OUTPUT = 11, 12
_EXTERNAL_DATA, _DATA_LOCATION = 13, 14

_LOCATION, _IN_MEMORY = b"location", b"_MEM_ADDR_"

# The fields of each kind of message that lead down to tensors, those that are repeated and others.
_REPEATED_WAYS = {
    "model": {20: "training", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse tensor"},
    "function": {7: "node", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {10: "tensor", 11: "graph", 23: "sparse tensor"},
}
_SINGLE_WAYS = {
    "model": {_GRAPH: "graph"},
    "training": {1: "graph", 2: "graph"},
    "attribute": {5: "tensor", 6: "graph", 22: "sparse tensor"},
    "sparse tensor": {1: "tensor", 2: "tensor"},
}


class NetworkFile(Struct, frozen=True):
    """A file, read as far as needed; what is damaged in it is for ONNX Runtime to refuse.

    ``input_shapes`` has None for an input that declares no shape. ``quantization`` has the inputs
    and outputs that one scale turns into real values. ``external_data`` are the paths in the file.
    """

    input_shapes: Mapping[str, tuple[Dimension, ...] | None] = field(default_factory=dict)
    quantization: Mapping[str, Quantization] = field(default_factory=dict)
    external_data: tuple[str, ...] = ()


def read_network(content: bytes, name: str = "the network") -> NetworkFile:
    """Read a network file.

    Args:
        content: the file.
        name: what messages call it.

    Raises:
        ModelFormatError: it may name other files, and is too damaged to find them all; or it names
            addresses in the memory of the process.
        UnsupportedModelError: it has more fields than are read.
    """
    # ONNX Runtime takes such names for its own and reads the memory at the address behind them.
    if _IN_MEMORY in content:
        raise ModelFormatError(
            f"{name} has {_IN_MEMORY.decode()!r} in it, which ONNX Runtime takes for an address in "
            "memory, not for a file; export the network again"
        )
    try:
        return _read(Message.of(content))
    except TooManyFieldsError:
        raise UnsupportedModelError(
            f"{name} has more than {MOST_FIELDS} parts, expected fewer; export a smaller network"
        ) from None
    except DamageError as error:
        if _LOCATION not in content:
            return NetworkFile()
        raise ModelFormatError(
            f"{name} is damaged ({error}), so that it cannot be told in which files it keeps "
            "weights; export the network again"
        ) from error


def _read(model: Message) -> NetworkFile:
    external_data = tuple(_external_data(model))
    graph = model.message(_GRAPH)
    if graph is None:
        return NetworkFile(external_data=external_data)
    inputs, outputs = list(graph.messages(_INPUT)), list(graph.messages(_OUTPUT))
    return NetworkFile(
        {value.text(1): _shape(value) for value in inputs},
        border_quantization(graph, inputs, outputs),
        external_data,
    )


def _shape(value: Message) -> tuple[Dimension, ...] | None:
    kind = value.message(2)
    tensor = kind.message(1) if kind else None
    shape = tensor.message(2) if tensor else None
    return None if shape is None else tuple(map(_dimension, shape.messages(1)))


def _dimension(dimension: Message) -> Dimension:
    given = dimension.last_of(1, 2)
    if given == 1:
        size = signed(dimension.number(1))
        return size if size >= 0 else None
    return dimension.text(2) or None


def _external_data(model: Message) -> Iterator[str]:
    """The paths of all tensors in the file whose values are kept in other files.

    Only what has the word in it is read: a key is never in pieces.
    """
    waiting = [("model", model)]
    while waiting:
        kind, message = waiting.pop()
        if _LOCATION not in message:
            continue
        if kind == "tensor":
            yield from _locations(message)
        for number, below in _REPEATED_WAYS.get(kind, {}).items():
            waiting += ((below, found) for found in message.messages(number))
        for number, below in _SINGLE_WAYS.get(kind, {}).items():
            if found := message.message(number):
                waiting.append((below, found))


def _locations(tensor: Message) -> Iterator[str]:
    """All of them, if any value says that they count: unknown ones do not take that back."""
    if any(tensor.integers(_DATA_LOCATION)):
        for entry in tensor.messages(_EXTERNAL_DATA):
            if "location" in entry.texts(1):
                yield from entry.texts(2) or [""]
