"""How well each file does on the held-out images, in the engine that opens it."""

# LiteRT and ONNX Runtime bring no types.
# mypy: disable-error-code="import-not-found,import-untyped"

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ei_runner_core import dsp

from ..._training.variants import FILES
from .data import Digits, grayscale

__all__ = ["TABLE_HEAD", "score_rows"]

TABLE_HEAD = (
    "| file | bytes | engine | accuracy | mistakes | which |",
    "| --- | ---: | --- | ---: | ---: | --- |",
)


def score_rows(variant: str, networks: Mapping[str, bytes], held_out: Digits) -> list[str]:
    """One row of the table of scores for each file of a variant."""
    tflite, onnx = (networks[name] for name in FILES)
    interpreter = open_tflite(tflite)
    inputs = prepare(interpreter, held_out.images)
    files = (
        ("tflite", tflite, "LiteRT", run_tflite(interpreter, inputs)),
        ("onnx", onnx, "ONNX Runtime", run_onnx(onnx, inputs)),
    )
    return [
        f"| {variant}/network.{suffix} | {len(content):,} | {engine} | {verdict(seen, held_out)} |"
        for suffix, content, engine, seen in files
    ]


def open_tflite(content: bytes) -> Any:
    """The network in LiteRT."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=content)
    interpreter.allocate_tensors()
    return interpreter


def prepare(interpreter: Any, images: npt.NDArray[np.uint8]) -> npt.NDArray[Any]:
    """What the image block feeds to the network, in the network's dtype."""
    source = interpreter.get_input_details()[0]
    gray = grayscale(images)
    return dsp.quantize(gray, *source["quantization"]) if source["dtype"] == np.int8 else gray


def run_tflite(interpreter: Any, inputs: npt.NDArray[Any]) -> npt.NDArray[np.intp]:
    """The digit that LiteRT sees in each image."""
    source = interpreter.get_input_details()[0]["index"]
    target = interpreter.get_output_details()[0]["index"]
    scores = []
    for i in range(len(inputs)):
        interpreter.set_tensor(source, inputs[i : i + 1])
        interpreter.invoke()
        scores.append(interpreter.get_tensor(target)[0])
    return np.asarray(np.argmax(scores, axis=1))


def run_onnx(content: bytes, inputs: npt.NDArray[Any]) -> npt.NDArray[np.intp]:
    """The digit that ONNX Runtime sees in each image."""
    import onnxruntime

    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    scores = [session.run(None, {name: inputs[i : i + 1]})[0][0] for i in range(len(inputs))]
    return np.asarray(np.argmax(scores, axis=1))


def verdict(seen: npt.NDArray[np.intp], held_out: Digits) -> str:
    """Accuracy, number of mistakes, and the images that were taken for others."""
    wrong = np.flatnonzero(seen != held_out.labels)
    accuracy = 1 - len(wrong) / len(seen)
    mistakes = ", ".join(f"no. {i}: {held_out.labels[i]} seen as {seen[i]}" for i in wrong)
    return f"{accuracy:.4f} | {len(wrong)} | {mistakes or 'none'}"
