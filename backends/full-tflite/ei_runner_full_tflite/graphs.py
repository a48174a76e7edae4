"""The two things of a network that can be run: its main graph, and a signature by name."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ei_runner_core import InvalidInputError

__all__ = ["Call", "Graph", "open_graph"]

Arrays = tuple[np.ndarray, ...]
Call = Callable[[Sequence[np.ndarray]], Arrays]
Shapes = Sequence[tuple[int, ...]]


class Graph(ABC):
    """A graph of an interpreter. ``inputs`` and ``outputs`` hold the runtime's details by name."""

    inputs: Mapping[str, Mapping[str, Any]]
    outputs: Mapping[str, Mapping[str, Any]]

    @abstractmethod
    def allocate(self, shapes: Shapes) -> None:
        """Make ready for inputs of these shapes."""

    @abstractmethod
    def call(self) -> Call:
        """The function that runs the graph on arrays that suit it; it refers to no session."""


def open_graph(interpreter: Any, signature: str | None) -> Graph:
    """The main graph of an interpreter, or the one of a signature.

    Raises:
        InvalidInputError: the network has no such signature.
    """
    if signature is None:
        return _MainGraph(interpreter)
    known = sorted(interpreter.get_signature_list())
    if signature not in known:
        has = f"it has {', '.join(known)}" if known else "it has none: leave the option out"
        raise InvalidInputError(f"the network has no signature {signature!r}; {has}")
    return _SignatureGraph(interpreter.get_signature_runner(signature))


class _MainGraph(Graph):
    def __init__(self, interpreter: Any) -> None:
        self._interpreter = interpreter
        self.inputs = _by_name(interpreter.get_input_details())
        self.outputs = _by_name(interpreter.get_output_details())
        self._shapes = [tuple(details["shape"]) for details in self.inputs.values()]

    def allocate(self, shapes: Shapes) -> None:
        """Only what changes is resized: delegates may allow none at all."""
        for position, details in enumerate(self.inputs.values()):
            if self._shapes[position] != shapes[position]:
                self._interpreter.resize_tensor_input(details["index"], shapes[position])
                self._shapes[position] = shapes[position]
        self._interpreter.allocate_tensors()

    def call(self) -> Call:
        set_tensor, invoke = self._interpreter.set_tensor, self._interpreter.invoke
        get_tensor = self._interpreter.get_tensor
        if any(not len(details["shape"]) for details in self.outputs.values()):
            get_tensor = _arrays_only(get_tensor)
        inputs = [details["index"] for details in self.inputs.values()]
        outputs = [details["index"] for details in self.outputs.values()]
        if len(inputs) == len(outputs) == 1:
            return _one_to_one(set_tensor, inputs[0], invoke, get_tensor, outputs[0])

        def call(arrays: Sequence[np.ndarray]) -> Arrays:
            for index, array in zip(inputs, arrays):  # noqa: B905 - the session has counted them
                set_tensor(index, array)
            invoke()
            return tuple(map(get_tensor, outputs))

        return call


class _SignatureGraph(Graph):
    """Runs through the runtime's own runner, which allocates by itself for what it is given."""

    def __init__(self, runner: Any) -> None:
        self._runner = runner
        self.inputs = runner.get_input_details()
        self.outputs = runner.get_output_details()

    def allocate(self, shapes: Shapes) -> None:
        """Nothing to do before the call."""

    def call(self) -> Call:
        runner, names = self._runner, list(self.inputs)

        def call(arrays: Sequence[np.ndarray]) -> Arrays:
            answer = runner(**dict(zip(names, arrays)))  # noqa: B905 - the session has counted
            return tuple(map(np.asarray, answer.values()))

        return call


def _one_to_one(
    set_tensor: Callable[[int, np.ndarray], None],
    source: int,
    invoke: Callable[[], None],
    get_tensor: Callable[[int], np.ndarray],
    target: int,
) -> Call:
    """The usual case without its loops, which would cost as much as a tiny network itself."""

    def call(arrays: Sequence[np.ndarray]) -> Arrays:
        set_tensor(source, arrays[0])
        invoke()
        return (get_tensor(target),)

    return call


def _by_name(details: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Names need not be unique in a file: later ones of the same name get their index added."""
    named: dict[str, dict[str, Any]] = {}
    for entry in details:
        name = entry["name"]
        named[f"{name}#{entry['index']}" if name in named else name] = entry
    return named


def _arrays_only(get_tensor: Callable[[int], Any]) -> Callable[[int], np.ndarray]:
    """The runtime hands out tensors of rank 0 as NumPy scalars."""
    return lambda index: np.asarray(get_tensor(index))
