"""A tensor backend for the tests of sdk-ffi, whose networks do what their text says.

``double`` doubles its input. Further words change the network: ``int8`` quantises it, ``dynamic``
leaves its sizes open, ``wide`` gives it eight features, ``pair`` two outputs, ``int64`` an output
that the SDK does not know, ``closed`` no output. ``growing`` answers in another shape each time.
``unknown-op`` is refused, ``broken`` cannot be opened, ``failing`` cannot be run, ``crashing``
raises what nobody expects, ``interrupted`` what Ctrl-C raises.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ei_runner_core import (
    BackendSpec,
    InferenceError,
    Network,
    Support,
    TensorBackend,
    TensorSession,
    TensorSpec,
    UnsupportedModelError,
    hookimpl,
)

sessions: list[StubSession] = []
"""All that were opened, for tests to look at."""


class StubBackend(TensorBackend):
    def supports(self, network: Network) -> Support:
        return Support(ok=True)

    def open(self, network: Network, options: Mapping[str, Any]) -> TensorSession:
        words = network.read().decode().split()
        if "unknown-op" in words:
            raise UnsupportedModelError("the engine has no operator Sum")
        if "broken" in words:
            raise KeyError("broken")
        sessions.append(StubSession(network.format, words, options))
        return sessions[-1]


class StubSession(TensorSession):
    def __init__(self, suffix: str, words: Sequence[str], options: Mapping[str, Any]) -> None:
        self.format, self.options = suffix, dict(options)
        self.is_closed = False
        self.seen: list[np.ndarray] = []
        self._words = words
        features = 8 if "wide" in words else 4
        rows = -1 if "dynamic" in words else 1
        dtype, scale = ("int8", 0.5) if "int8" in words else ("float32", 0.0)
        self.inputs = (TensorSpec("in", (rows, features), dtype, scale, -2 if scale else 0),)
        outputs = [TensorSpec("out", (rows, features), dtype, scale, -2 if scale else 0)]
        if "int64" in words:
            outputs[0] = TensorSpec("out", (1, features), "int64")
        if "pair" in words:
            outputs.append(TensorSpec("count", (1,), "float32"))
        self.outputs = () if "closed" in words else tuple(outputs)

    def run(self, inputs: Sequence[np.ndarray]) -> tuple[np.ndarray, ...]:
        assert not self.is_closed
        self.seen = list(inputs)
        if "failing" in self._words:
            raise InferenceError("the engine gave up")
        if "crashing" in self._words:
            raise ZeroDivisionError("nobody\nexpects this")
        if "interrupted" in self._words:
            raise KeyboardInterrupt
        answer = inputs[0] * 2
        if "growing" in self._words:
            answer = np.concatenate([answer, answer])
        return (answer, *(np.full(1, 7, np.float32) for _ in self.outputs[1:]))

    def close(self) -> None:
        self.is_closed = True


@hookimpl
def ei_runner_backends() -> BackendSpec:
    return BackendSpec(
        name="ffi-network-stub",
        kind="tensor",
        target="ffi_network_stub:StubBackend",
        opens=(".tflite", ".onnx"),
    )
