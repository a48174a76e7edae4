from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from ei_runner_core.demos import Demo, demo


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
def open_interpreter(digits: Demo) -> Callable[[str], Any]:
    """Opens the network of a variant in LiteRT, without anything of the library."""
    litert = pytest.importorskip("ai_edge_litert.interpreter")

    def open_variant(variant: str) -> Any:
        interpreter = litert.Interpreter(str(digits.model(variant) / "network.tflite"))
        interpreter.allocate_tensors()
        return interpreter

    return open_variant


@pytest.fixture(scope="session")
def scores_by_hand(
    open_interpreter: Callable[[str], Any], images: npt.NDArray[np.uint8]
) -> Callable[[str], npt.NDArray[np.float32]]:
    """The scores of a variant for all held-out images, float32 of shape (n, 10)."""
    known: dict[str, npt.NDArray[np.float32]] = {}

    def scores(variant: str) -> npt.NDArray[np.float32]:
        if variant not in known:
            interpreter = open_interpreter(variant)
            inputs = (
                _float_input(images) if variant == "float32" else _int8_input(interpreter, images)
            )
            known[variant] = _run(interpreter, inputs)
        return known[variant]

    return scores


def _run(interpreter: Any, inputs: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    source = interpreter.get_input_details()[0]["index"]
    target = interpreter.get_output_details()[0]
    rows = []
    for i in range(len(inputs)):
        interpreter.set_tensor(source, inputs[i : i + 1])
        interpreter.invoke()
        rows.append(interpreter.get_tensor(target["index"])[0])
    raw = np.array(rows)
    if raw.dtype == np.float32:
        return raw
    scale, zero_point = target["quantization"]
    steps = raw.astype(np.int32) - zero_point
    return np.asarray(steps * np.float32(scale), np.float32)


def _float_input(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    value = images[..., np.newaxis].astype(np.float32) / np.float32(255)
    red, green, blue = (np.float32(weight) * value for weight in (0.299, 0.587, 0.114))
    return np.asarray(red + green + blue, np.float32)


def _int8_input(interpreter: Any, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.int8]:
    scale, zero_point = interpreter.get_input_details()[0]["quantization"]
    gray = images[..., np.newaxis] / 255
    return (np.round(gray / scale) + zero_point).astype(np.int8)
