"""Whatever follows a sum: the order of the loops changes no answer."""

from __future__ import annotations

import logging

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from ei_runner_core import Network
from ei_runner_tvm.backend import TvmBackend
from ei_runner_tvm.compile_options import CompileOptions
from ei_runner_tvm.compiling import compile_network
from ei_runner_tvm.manifest import pack

pytestmark = pytest.mark.requires("compiler")

MAKE = helper.make_node
SHAPE = [1, 16, 12, 16]
GENERATOR = np.random.default_rng(7)
CONSTANTS = {
    "kernel": GENERATOR.normal(size=(16, 16, 3, 3)).astype(np.float32) / 9,
    "more": np.array([0, 0, 0, 0, 0, 16, 0, 0], np.int64),
    "less": np.array([0, 0, 0, 1, 0, 0, 0, -1], np.int64),
    "around": np.array([0, 0, 1, 2, 0, 0, 3, 2], np.int64),
    "flat": np.array([1, -1], np.int64),
    "slope": GENERATOR.random((16, 1, 1)).astype(np.float32),
    "starts": np.array([4], np.int64),
    "ends": np.array([12], np.int64),
    "axes": np.array([1], np.int64),
}
SUMS = {
    "a pool": MAKE("MaxPool", ["x"], ["sum"], kernel_shape=[2, 2], strides=[2, 2]),
    "a mean": MAKE("AveragePool", ["x"], ["sum"], kernel_shape=[2, 2], strides=[2, 2]),
    "a convolution": MAKE("Conv", ["x", "kernel"], ["sum"], pads=[1, 1, 1, 1]),
}
STEPS = {
    "more channels": [MAKE("Pad", ["sum", "more"], ["y"])],
    "more channels and a sum of two": [
        MAKE("Pad", ["sum", "more"], ["wide"]),
        MAKE("Add", ["wide", "wide"], ["y"]),
    ],
    "numbers moved aside": [MAKE("Pad", ["sum", "less"], ["y"])],
    "a border": [MAKE("Relu", ["sum"], ["pos"]), MAKE("Pad", ["pos", "around"], ["y"])],
    "an activation": [MAKE("PRelu", ["sum", "slope"], ["y"])],
    "two uses": [MAKE("Relu", ["sum"], ["pos"]), MAKE("Add", ["pos", "sum"], ["y"])],
    "other axes": [MAKE("Transpose", ["sum"], ["y"], perm=[0, 2, 3, 1])],
    "swapped axes": [
        MAKE("Transpose", ["sum"], ["turned"], perm=[0, 1, 3, 2]),
        MAKE("Sigmoid", ["turned"], ["y"]),
    ],
    "one row": [MAKE("Reshape", ["sum", "flat"], ["y"])],
    "some channels": [MAKE("Slice", ["sum", "starts", "ends", "axes"], ["y"])],
    "twice side by side": [MAKE("Concat", ["sum", "sum"], ["y"], axis=1)],
    "a sum of a sum": [MAKE("ReduceSum", ["sum", "axes"], ["y"], keepdims=0)],
    "shares": [MAKE("Softmax", ["sum"], ["y"], axis=1)],
}


@pytest.mark.parametrize("level", [2, 3])
@pytest.mark.parametrize("steps", STEPS)
@pytest.mark.parametrize("sums", SUMS)
def test_it_answers_as_onnxruntime(sums, steps, level, caplog):
    backend = pytest.importorskip("ei_runner_onnx.backend")
    network = Network("network.onnx", ".onnx", content=network_of([SUMS[sums], *STEPS[steps]]))
    inputs = [np.random.default_rng(1).normal(size=SHAPE).astype(np.float32)]

    with caplog.at_level(logging.INFO, "ei_runner_tvm"):
        compiled = compile_network(network, CompileOptions(optimization=level))
    content = pack(compiled.manifest, compiled.library)
    with TvmBackend().open(Network("network.tvm", ".tvm", content=content), {}) as ours:
        answers = ours.run(inputs)
    with backend.OnnxBackend().open(network, {}) as theirs:
        expected = theirs.run(inputs)

    np.testing.assert_allclose(answers[0], expected[0], atol=1e-5)
    assert "cannot compile" not in caplog.text  # else it was the order of a lower level


def network_of(nodes) -> bytes:
    used = {name for node in nodes for name in node.input}
    graph = helper.make_graph(
        nodes,
        "steps",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, SHAPE)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(CONSTANTS[name], name) for name in sorted(used & {*CONSTANTS})],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    return onnx.shape_inference.infer_shapes(model).SerializeToString()
