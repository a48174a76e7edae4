from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from ei_runner_core import EdgeImpulseModel
from ei_runner_core.demos import Demo, demo
from ei_runner_core.plugins import registry

Array = npt.NDArray[Any]
Scores = Callable[[str], npt.NDArray[np.float32]]


@dataclass(frozen=True)
class Engine:
    """The engine behind a backend, as it is used without anything of the library.

    ``load`` gives a function from the input tensor of a network file to its output tensor.
    """

    backend: str
    module: str
    file: str
    load: Callable[[Any, Path], Callable[[Array], Array]]

    def open(self, bundle: Path) -> Callable[[Array], Array]:
        return self.load(pytest.importorskip(self.module), bundle / self.file)


def _load_tflite(litert: Any, path: Path) -> Callable[[Array], Array]:
    interpreter = litert.Interpreter(str(path))
    interpreter.allocate_tensors()
    (source,), (target,) = interpreter.get_input_details(), interpreter.get_output_details()

    def run(tensor: Array) -> Array:
        interpreter.set_tensor(source["index"], tensor)
        interpreter.invoke()
        return np.asarray(interpreter.get_tensor(target["index"]))

    return run


def _load_onnx(onnxruntime: Any, path: Path) -> Callable[[Array], Array]:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return lambda tensor: np.asarray(session.run(None, {"image": tensor})[0])


ENGINES = (
    Engine("full-tflite", "ai_edge_litert.interpreter", "network.tflite", _load_tflite),
    Engine("onnx", "onnxruntime", "network.onnx", _load_onnx),
)


@pytest.fixture(scope="session", params=ENGINES, ids=lambda engine: engine.backend)
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine that has a form of the demo."""
    return request.param


@pytest.fixture(scope="session")
def digits() -> Demo:
    return demo("digits")


@pytest.fixture(scope="session")
def images(digits: Demo) -> npt.NDArray[np.uint8]:
    """All held-out images, shape (n, 8, 8)."""
    with np.load(digits.held_out, allow_pickle=False) as arrays:
        return np.asarray(arrays["images"])


@pytest.fixture(scope="session")
def labels(digits: Demo) -> npt.NDArray[np.uint8]:
    """Their labels, shape (n,)."""
    with np.load(digits.held_out, allow_pickle=False) as arrays:
        return np.asarray(arrays["labels"])


@pytest.fixture(scope="session")
def open_demo() -> Iterator[Callable[[str, str, str], EdgeImpulseModel]]:
    """Opens a variant of a demo on a backend, once for all tests."""
    with ExitStack() as stack:

        @cache
        def opener(name: str, variant: str, backend: str) -> EdgeImpulseModel:
            model = EdgeImpulseModel(demo(name).model(variant), backend=backend)
            return stack.enter_context(model)

        def open_or_skip(name: str, variant: str, backend: str) -> EdgeImpulseModel:
            if backend not in registry().backends:
                pytest.skip(f"needs the backend: pip install 'ei-runner[{backend}]'")
            return opener(name, variant, backend)

        yield open_or_skip


@pytest.fixture(scope="session")
def open_model(
    open_demo: Callable[[str, str, str], EdgeImpulseModel],
) -> Callable[[str, str], EdgeImpulseModel]:
    """Opens a variant of the digits on a backend."""
    return partial(open_demo, "digits")


@pytest.fixture(scope="session")
def scores_by_hand(
    engine: Engine, digits: Demo, images: npt.NDArray[np.uint8]
) -> Callable[[str], npt.NDArray[np.float32]]:
    """The scores of a variant for all held-out images in the engine, float32 of shape (n, 10)."""

    @cache
    def scores(variant: str) -> npt.NDArray[np.float32]:
        run = engine.open(digits.model(variant))
        inputs = _float_input(images) if variant == "float32" else _int8_input(images)
        raw = np.concatenate([run(inputs[i : i + 1]) for i in range(len(inputs))])
        return raw if variant == "float32" else _dequantized(raw)

    return scores


def _float_input(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    value = images[..., np.newaxis].astype(np.float32) / np.float32(255)
    red, green, blue = (np.float32(weight) * value for weight in (0.299, 0.587, 0.114))
    return np.asarray(red + green + blue, np.float32)


def _int8_input(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.int8]:
    """As the model card says; no gray level is half-way between two steps."""
    return (np.round(images[..., np.newaxis] / 1.05) - 128).astype(np.int8)


def _dequantized(raw: npt.NDArray[np.int8]) -> npt.NDArray[np.float32]:
    return (raw.astype(np.float32) + 128) / 256
