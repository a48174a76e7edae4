"""Operators that TVM's readers convert wrongly, slowly or not at all, and ours convert."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from tvm_tflite_networks import Tensor, network_of

from ei_runner_core import Network, UnsupportedModelError
from ei_runner_tvm.backend import TvmBackend
from ei_runner_tvm.compiler import load_compiler
from ei_runner_tvm.frontends import import_network

pytestmark = pytest.mark.requires("compiler")

INT8, INT32, FLOAT = "int8", "int32", "float32"
NUMBERS = np.random.default_rng(7)


def answers(backend, content: bytes, suffix: str, inputs, **options):
    network = Network(f"network{suffix}", suffix, content=content)
    with backend.open(network, options) as session:
        return session.run(inputs)


def random(*shape: int):
    return NUMBERS.normal(size=shape).astype(FLOAT)


def onnx_of(node, constants=(), opset=13) -> bytes:
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["x", "kernel"], ["sum"], pads=[1, 1, 1, 1]),
            node,
            helper.make_node("Conv", ["act", "kernel"], ["y"], pads=[1, 1, 1, 1]),
        ],
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 8, 6, 5])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 8, 6, 5])],
        [
            numpy_helper.from_array(np.asarray(value, FLOAT), name)
            for name, value in {"kernel": random(8, 8, 3, 3), **dict(constants)}.items()
        ],
    )
    imports = [helper.make_opsetid("", opset)]
    return helper.make_model(graph, opset_imports=imports, ir_version=8).SerializeToString()


def act(kind: str, *inputs: str, **attributes):
    return helper.make_node(kind, inputs, ["act"], **attributes)


def imported(content: bytes, suffix: str = ".tflite"):
    load_compiler()
    return import_network(Network(f"network{suffix}", suffix), content, {})


ACTIVATIONS = {
    "both bounds": (act("Clip", "sum", "low", "high"), {"low": 0, "high": 6}),
    "bounds as attributes": (act("Clip", "sum", min=-1.0, max=0.5), {}, 10),
    "no upper bound": (act("Clip", "sum", "low"), {"low": -0.5}),
    "no lower bound": (act("Clip", "sum", "", "high"), {"high": 0.5}),
    "a bound that is none": (act("Clip", "sum", "low", "high"), {"low": np.nan, "high": 0.5}),
    "the smaller": (act("Min", "sum", "high"), {"high": 0.5}),
    "the largest of three": (act("Max", "sum", "low", "x"), {"low": 0.5}),
    "a sum of three": (act("Sum", "sum", "low", "x"), {"low": random(8, 1, 1)}),
    "a leak": (act("LeakyRelu", "sum", alpha=0.2), {}),
    "a leak that grows": (act("LeakyRelu", "sum", alpha=1.5), {}),
    "a negative leak": (act("LeakyRelu", "sum", alpha=-0.5), {}),
    "length 1": (act("LpNormalization", "sum", axis=1), {}),
    "sum 1": (act("LpNormalization", "sum", axis=2, p=1), {}),
}


@pytest.mark.parametrize("case", ACTIVATIONS)
def test_onnx_operators_answer_as_onnxruntime(case):
    reference = pytest.importorskip("ei_runner_onnx.backend")
    content = onnx_of(*ACTIVATIONS[case])
    inputs = [random(1, 8, 6, 5)]

    (ours,) = answers(TvmBackend(), content, ".onnx", inputs)
    (theirs,) = answers(reference.OnnxBackend(), content, ".onnx", inputs)

    np.testing.assert_allclose(ours, theirs, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("case", ["both bounds", "bounds as attributes", "the smaller", "a leak"])
def test_an_activation_stays_one_that_the_layout_can_pass(case):
    text = imported(onnx_of(*ACTIVATIONS[case]), ".onnx").module.script()

    assert "call_tir" not in text
    assert "R.stack" not in text


def through(data: Tensor, *, scale: float = 0.05, zero_point: int = -3) -> Tensor:
    """An int8 tensor of the same place."""
    return Tensor(data.shape, INT8, scale, zero_point)


PICTURE = Tensor((1, 4, 5, 8), INT8, 0.05, -3)
ROWS = Tensor((1, 1, 1, 6), FLOAT)


def of_ints(*values, dtype: str = INT32) -> Tensor:
    array = np.asarray(values, dtype)
    return Tensor(array.shape, dtype, data=array)


def dense(shape: tuple[int, ...]) -> bytes:
    """A dense layer whose file says that its rows have no other dimensions."""
    source = Tensor(shape, FLOAT)
    size = int(np.prod(shape))
    weights = Tensor((3, size), FLOAT, data=random(3, size))
    options = ("FullyConnectedOptions", {"KeepNumDims": False})
    return network_of("FULLY_CONNECTED", [source, weights], [Tensor((1, 3), FLOAT)], options)


def transposed(activation: int, dtype: str) -> bytes:
    weights = random(4, 3, 3, 2)
    if dtype == FLOAT:
        source, kernel = Tensor((1, 4, 5, 2), FLOAT), Tensor((4, 3, 3, 2), FLOAT, data=weights)
        made = Tensor((1, 8, 10, 4), FLOAT)
    else:
        source = Tensor((1, 4, 5, 2), INT8, 0.05, -3)
        kernel = Tensor((4, 3, 3, 2), INT8, 0.05, 0, data=(weights * 20).astype(INT8))
        made = Tensor((1, 8, 10, 4), INT8, 0.1, 5)
    options = ("TransposeConvOptions", {"Padding": 0, "StrideW": 2, "StrideH": 2})
    options[1]["FusedActivationFunction"] = activation
    return network_of("TRANSPOSE_CONV", [of_ints(1, 8, 10, 4), kernel, source], [made], options)


NETWORKS = {
    "a dense layer behind a pool": dense((1, 1, 1, 6)),
    "a dense layer of a picture": dense((1, 2, 3, 4)),
    "a transposed convolution": transposed(0, FLOAT),
    "a transposed convolution with relu": transposed(1, FLOAT),
    "a transposed convolution with relu6": transposed(3, FLOAT),
    "a quantised transposed convolution": transposed(0, INT8),
    "a quantised transposed convolution with relu": transposed(1, INT8),
    "a border": network_of(
        "PAD",
        [PICTURE, Tensor((4, 2), INT32, data=np.array([[0, 0], [1, 2], [0, 1], [0, 0]], "i4"))],
        [Tensor((1, 7, 6, 8), INT8, 0.05, -3)],
    ),
    "other axes": network_of(
        "TRANSPOSE", [PICTURE, of_ints(0, 3, 1, 2)], [Tensor((1, 8, 4, 5), INT8, 0.05, -3)]
    ),
    "slopes": network_of(
        "PRELU",
        [
            PICTURE,
            Tensor((1, 1, 8), INT8, 0.01, 4, data=NUMBERS.integers(-99, 99, (1, 1, 8), INT8)),
        ],
        [through(PICTURE)],
    ),
    "halves": network_of(
        "SPLIT",
        [Tensor((), INT32, data=np.array(3, INT32)), PICTURE],
        [Tensor((1, 4, 5, 4), INT8, 0.05, -3)] * 2,
        ("SplitOptions", {"NumSplits": 2}),
    ),
    "a quotient": network_of(
        "DIV",
        [PICTURE, Tensor((8,), INT8, 0.01, -28, data=np.arange(22, 78, 7, INT8))],
        [through(PICTURE)],
        ("DivOptions", {}),
    ),
    "the place of the largest": network_of(
        "ARG_MAX",
        [PICTURE, Tensor((), INT32, data=np.array(3, INT32))],
        [Tensor((1, 4, 5), INT32)],
        ("ArgMaxOptions", {"OutputType": 2}),
    ),
}


@pytest.mark.parametrize("level", [0, 3])
@pytest.mark.parametrize("case", NETWORKS)
def test_tflite_operators_answer_as_litert(case, level):
    reference = pytest.importorskip("ei_runner_full_tflite.backend").FullTfliteBackend()
    network = Network("network.tflite", ".tflite", content=NETWORKS[case])
    with reference.open(network, {}) as session:
        specs = session.inputs
        inputs = [
            NUMBERS.integers(-128, 128, spec.shape, spec.dtype)
            if spec.dtype == INT8
            else random(*spec.shape)
            for spec in specs
        ]
        theirs = session.run(inputs)

    ours = answers(TvmBackend(), NETWORKS[case], ".tflite", inputs, optimization=level)

    for mine, expected in zip(ours, theirs, strict=True):
        assert (mine.shape, mine.dtype) == (expected.shape, expected.dtype)
        tolerance = 1e-4 if expected.dtype == FLOAT else expected.dtype == INT8
        assert np.abs(mine.astype(float) - expected.astype(float)).max() <= tolerance


def test_numbers_of_16_bits_are_refused():
    wide = Tensor((1, 4), "int16", 0.01)

    with pytest.raises(UnsupportedModelError, match="2 tensors that are quantised to int16"):
        imported(network_of("RELU", [wide], [wide]))


def test_weights_that_alone_are_quantised_are_refused():
    weights = Tensor((3, 4), INT8, 0.01, data=np.ones((3, 4), INT8))
    rows = [Tensor((1, 4), FLOAT), Tensor((1, 3), FLOAT)]
    options = ("FullyConnectedOptions", {"KeepNumDims": False})

    with pytest.raises(UnsupportedModelError, match="dynamic range quantization"):
        imported(network_of("FULLY_CONNECTED", [rows[0], weights], [rows[1]], options))
