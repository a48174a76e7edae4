"""Makes the networks beside this file, with inputs and right answers. Run by hand:

    python ei_runner_core/testing/golden/make_golden.py

It needs TensorFlow 2.21, tf2onnx and onnx. The float answers are computed here, in float64; those
of the quantised network come from the reference kernels of TensorFlow Lite.
"""

# TensorFlow and ONNX bring no types, and only this script needs them.
# mypy: disable-error-code="import-not-found,import-untyped"

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import onnx
import tensorflow as tf
import tf2onnx
from onnx import TensorProto, helper, numpy_helper

HERE = Path(__file__).parent
RANDOM = np.random.default_rng(3)
WEIGHTS = RANDOM.normal(size=(6, 4)).astype(np.float32)
BIAS = RANDOM.normal(size=4).astype(np.float32)
ROWS = RANDOM.uniform(-2, 2, size=(5, 6)).astype(np.float32)
LEFT = RANDOM.uniform(-2, 2, size=(1, 3)).astype(np.float32)
RIGHT = np.array([5, -7], np.int32)
OPSET, IR = 17, 8
EXACT, ONE_STEP = 1e-5, 1.0

Arrays = dict[str, np.ndarray]
QUANTIZATION: dict[str, list[tuple[float, int]]] = {}


def reference(rows: np.ndarray) -> np.ndarray:
    logits = rows.astype(np.float64) @ WEIGHTS.astype(np.float64) + BIAS
    return (1 / (1 + np.exp(-logits))).astype(np.float32)


def layer(features: Any) -> Any:
    return tf.identity(tf.sigmoid(features @ WEIGHTS + BIAS), "scores")


def two(left: Any, right: Any) -> Any:
    return {"doubled": left * 2.0, "next": right + 1}


def tflite(function: Callable[..., Any], *specs: tf.TensorSpec, **settings: Any) -> bytes:
    concrete = tf.function(function).get_concrete_function(*specs)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete])
    for name, value in settings.items():
        setattr(converter, name, value)
    return bytes(converter.convert())


def calibration() -> Iterator[list[np.ndarray]]:
    for _ in range(40):
        yield [RANDOM.uniform(-2, 2, size=(1, 6)).astype(np.float32)]


def int8_layer() -> bytes:
    return tflite(
        layer,
        tf.TensorSpec([1, 6], tf.float32, "features"),
        optimizations=[tf.lite.Optimize.DEFAULT],
        representative_dataset=calibration,
        inference_input_type=tf.int8,
        inference_output_type=tf.int8,
    )


def int8_case(content: bytes) -> Arrays:
    """The first row, quantised, and what the reference kernels make of it."""
    resolver = tf.lite.experimental.OpResolverType.BUILTIN_REF
    network = tf.lite.Interpreter(model_content=content, experimental_op_resolver_type=resolver)
    network.allocate_tensors()
    source, target = network.get_input_details()[0], network.get_output_details()[0]
    scale, zero_point = source["quantization"]
    raw = np.clip(np.rint(ROWS[:1] / scale) + zero_point, -128, 127).astype(np.int8)
    network.set_tensor(source["index"], raw)
    network.invoke()
    QUANTIZATION["dense_int8"] = [source["quantization"], target["quantization"]]
    return {"input0": raw, "output0": network.get_tensor(target["index"])}


def onnx_graph(name: str, nodes: list[Any], inputs: list[Any], outputs: list[Any]) -> bytes:
    weights = [numpy_helper.from_array(WEIGHTS, "weights"), numpy_helper.from_array(BIAS, "bias")]
    used = {entry for node in nodes for entry in node.input}
    constants = [
        *(weight for weight in weights if weight.name in used),
        *(
            numpy_helper.from_array(value, constant)
            for constant, value in (("two", np.float32(2)), ("one", np.int32(1)))
            if constant in used
        ),
    ]
    graph = helper.make_graph(nodes, name, inputs, outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
    model.ir_version = IR
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString(deterministic=True))


def onnx_layer(name: str, rows: int | str) -> bytes:
    value = helper.make_tensor_value_info
    nodes = [
        helper.make_node("Gemm", ["features", "weights", "bias"], ["logits"]),
        helper.make_node("Sigmoid", ["logits"], ["scores"]),
    ]
    return onnx_graph(
        name,
        nodes,
        [value("features", TensorProto.FLOAT, [rows, 6])],
        [value("scores", TensorProto.FLOAT, [rows, 4])],
    )


def onnx_pair() -> bytes:
    value = helper.make_tensor_value_info
    nodes = [
        helper.make_node("Mul", ["left", "two"], ["doubled"]),
        helper.make_node("Add", ["right", "one"], ["next"]),
    ]
    return onnx_graph(
        "pair",
        nodes,
        [value("left", TensorProto.FLOAT, [1, 3]), value("right", TensorProto.INT32, [2])],
        [value("doubled", TensorProto.FLOAT, [1, 3]), value("next", TensorProto.INT32, [2])],
    )


def onnx_int8(content: bytes) -> bytes:
    path = HERE / "dense_int8.tflite"
    path.write_bytes(content)
    model, _ = tf2onnx.convert.from_tflite(str(path), opset=OPSET)
    model.ir_version = IR
    return bytes(model.SerializeToString(deterministic=True))


def main() -> None:
    row = tf.TensorSpec([1, 6], tf.float32, "features")
    any_rows = tf.TensorSpec([None, 6], tf.float32, "features")
    sides = (
        tf.TensorSpec([1, 3], tf.float32, "left"),
        tf.TensorSpec([2], tf.int32, "right"),
    )
    int8 = int8_layer()
    networks = {
        "dense.tflite": tflite(layer, row),
        "dense.onnx": onnx_layer("dense", 1),
        "dense_int8.tflite": int8,
        "dense_int8.onnx": onnx_int8(int8),
        "pair.tflite": tflite(two, *sides),
        "pair.onnx": onnx_pair(),
        "rows.tflite": tflite(layer, any_rows),
        "rows.onnx": onnx_layer("rows", "rows"),
    }
    arrays: dict[str, Arrays] = {
        "dense": {"input0": ROWS[:1], "output0": reference(ROWS[:1])},
        "dense_int8": int8_case(int8),
        "pair": {"input0": LEFT, "input1": RIGHT, "output0": LEFT * 2, "output1": RIGHT + 1},
        "rows": {"input0": ROWS, "output0": reference(ROWS)},
    }
    for name, content in networks.items():
        (HERE / name).write_bytes(content)
        print(f"{name:20} {len(content):6} bytes")
    for name, members in arrays.items():
        np.savez(HERE / f"{name}.npz", allow_pickle=False, **members)
    index = {
        name: {
            "tolerance": ONE_STEP if name == "dense_int8" else EXACT,
            "rows": name == "rows",
            "quantization": QUANTIZATION.get(name, [(0.0, 0)] * len(members)),
        }
        for name, members in arrays.items()
    }
    (HERE / "index.json").write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
