"""Makes the tiny networks beside this file. Run by hand, with onnx 1.20 or newer, from any folder:

    python backends/onnx/tests/models/make_models.py

Weights are drawn from a fixed seed, so that a second run changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper
from onnx.helper import make_node as node

HERE = Path(__file__).parent
RANDOM = np.random.default_rng(1)
FLOAT, INT8, UINT8 = TensorProto.FLOAT, TensorProto.INT8, TensorProto.UINT8


def value(name: str, dtype: int = FLOAT, shape: Sequence[int | str | None] | None = (1, 4)) -> Any:
    return helper.make_tensor_value_info(name, dtype, shape)


def const(name: str, array: Any, dtype: Any = np.float32) -> Any:
    return numpy_helper.from_array(np.asarray(array, dtype), name)


def graph(nodes: list[Any], inputs: list[Any], outputs: list[Any], weights: Any = ()) -> Any:
    return helper.make_graph(nodes, "network", inputs, outputs, list(weights))


def model(main: Any, opset: int = 17, ir: int = 8, domains: Sequence[str] = ()) -> Any:
    opsets = [helper.make_opsetid("", opset), *(helper.make_opsetid(d, 1) for d in domains)]
    made = helper.make_model(main, opset_imports=opsets, producer_name="tests")
    made.ir_version = ir
    return made


def save(name: str, made: Any) -> None:
    (HERE / f"{name}.onnx").write_bytes(made.SerializeToString(deterministic=True))


def add() -> Any:
    nodes = [node("Add", ["x", "one"], ["y"], name="add")]
    return model(graph(nodes, [value("x")], [value("y")], [const("one", 1)]))


def conv() -> Any:
    nodes = [
        node("Conv", ["x", "kernel"], ["c"], name="conv", pads=[1, 1, 1, 1]),
        node("Relu", ["c"], ["r"], name="relu"),
        node("MaxPool", ["r"], ["p"], name="pool", kernel_shape=[2, 2], strides=[2, 2]),
        node("Flatten", ["p"], ["f"], name="flatten"),
        node("Softmax", ["f"], ["y"], name="softmax"),
    ]
    kernel = const("kernel", RANDOM.normal(size=(2, 1, 3, 3)))
    return model(
        graph(nodes, [value("x", FLOAT, (1, 1, 6, 6))], [value("y", FLOAT, (1, 18))], [kernel])
    )


def dynamic() -> Any:
    nodes = [node("MatMul", ["x", "w"], ["y"], name="dense")]
    weights = [const("w", RANDOM.normal(size=(4, 3)))]
    return model(graph(nodes, [value("x", shape=("n", 4))], [value("y", shape=("n", 3))], weights))


def two_symbols() -> Any:
    nodes = [node("Mul", ["a", "b"], ["y"], name="mul")]
    inputs = [value("a", shape=("n", "m")), value("b", shape=("n", None))]
    return model(graph(nodes, inputs, [value("y", shape=("n", None))]))


def no_shapes() -> Any:
    nodes = [node("Relu", ["x"], ["y"], name="relu")]
    return model(graph(nodes, [value("x", shape=None)], [value("y", shape=None)]))


def every_dtype() -> Any:
    kinds = "BOOL INT8 INT16 INT32 INT64 UINT8 UINT16 UINT32 UINT64 FLOAT16 FLOAT DOUBLE"
    nodes, inputs, outputs = [], [], []
    for kind in kinds.split():
        name, dtype = kind.lower(), getattr(TensorProto, kind)
        nodes.append(node("Concat", [name, name], [f"{name}_twice"], axis=0))
        inputs.append(value(name, dtype, (3,)))
        outputs.append(value(f"{name}_twice", dtype, (6,)))
    return model(graph(nodes, inputs, outputs))


def scalars() -> Any:
    nodes = [
        node("Cast", ["rate"], ["r"], to=FLOAT),
        node("Mul", ["x", "r"], ["product"]),
    ]
    inputs = [value("x", FLOAT, ()), value("rate", TensorProto.INT64, ())]
    return model(graph(nodes, inputs, [value("product", FLOAT, ())]))


def passthrough() -> Any:
    nodes = [node("Relu", ["x"], ["y"])]
    return model(graph(nodes, [value("x")], [value("y"), value("x")]))


def half() -> Any:
    """Only the nodes in the middle make a shape that depends on the data."""
    nodes = [
        node("Relu", ["x"], ["a"], name="first"),
        node("Abs", ["a"], ["b"], name="second"),
        node("NonZero", ["b"], ["n"], name="find"),
        node("Cast", ["n"], ["c"], name="cast", to=FLOAT),
        node("ReduceSum", ["c"], ["s"], name="sum", keepdims=0),
        node("Add", ["b", "s"], ["y"], name="last"),
    ]
    return model(graph(nodes, [value("x")], [value("y")]))


def positions() -> Any:
    """Declares a shape that only arrays without a zero lead to."""
    nodes = [node("Add", ["x", "one"], ["z"]), node("NonZero", ["z"], ["y"], name="find")]
    outputs = [value("y", TensorProto.INT64, (2, 4))]
    return model(graph(nodes, [value("x")], outputs, [const("one", 1)]))


def quantised(dtype: int, numpy_dtype: Any, zero: int, *, as_nodes: bool = False) -> Any:
    scales = [const("xs", 0.5), const("ys", 0.25), const("ws", 0.125)]
    points = [const("xz", zero, numpy_dtype), const("wz", 0, np.int8)]
    weights = const("w", RANDOM.integers(-8, 8, (4, 3)), np.int8)
    nodes = [
        node("Reshape", ["x", "flat"], ["x2"]),
        node("DequantizeLinear", ["x2", "xs", "xz"], ["xf"]),
        node("DequantizeLinear", ["w", "ws", "wz"], ["wf"]),
        node("MatMul", ["xf", "wf"], ["yf"]),
        node("QuantizeLinear", ["yf", "ys", "xz"], ["yq"]),
        node("Identity", ["yq"], ["y"]),
    ]
    constants = [*scales, *points, weights, const("flat", [1, 4], np.int64)]
    if as_nodes:
        moved = [node("Constant", [], [c.name], value=c) for c in constants]
        nodes, constants = moved + nodes, []
    inputs, outputs = [value("x", dtype, (4,))], [value("y", dtype, (1, 3))]
    return model(graph(nodes, inputs, outputs, constants))


def per_channel() -> Any:
    nodes = [node("QuantizeLinear", ["x", "s", "z"], ["y"], axis=1)]
    constants = [const("s", [1, 2, 3, 4]), const("z", [0, 0, 0, 0], np.int8)]
    return model(graph(nodes, [value("x")], [value("y", INT8)], constants))


def quantised_inside() -> Any:
    """Quantised as a whole inside, float at the borders."""
    nodes = [
        node("QuantizeLinear", ["x", "s", "z"], ["q"]),
        node("DequantizeLinear", ["q", "s", "z"], ["y"]),
    ]
    constants = [const("s", 0.5), const("z", 1, np.int8)]
    return model(graph(nodes, [value("x")], [value("y")], constants))


def quantised_twice(first: float, second: float) -> Any:
    """The input is read with two scales, one tensor with one scale becomes two outputs."""
    nodes = [
        node("DequantizeLinear", ["x", "first", "z"], ["a"]),
        node("DequantizeLinear", ["x", "second", "z"], ["b"]),
        node("Add", ["a", "b"], ["c"]),
        node("QuantizeLinear", ["c", "s", "z"], ["q"]),
        node("Identity", ["q"], ["y"]),
        node("Reshape", ["q", "flat"], ["w"]),
    ]
    scales = [const("first", first), const("second", second), const("s", 0.25)]
    constants = [*scales, const("z", 1, np.int8), const("flat", [4], np.int64)]
    outputs = [value("y", INT8), value("w", INT8, (4,))]
    return model(graph(nodes, [value("x", INT8)], outputs, constants))


def big() -> Any:
    nodes = [node("Relu", ["x"], ["y"])]
    shape = (1, 20_000)
    return model(graph(nodes, [value("x", FLOAT, shape)], [value("y", FLOAT, shape)]))


def spin() -> Any:
    """Counts to its input; takes as long as asked."""
    body = helper.make_graph(
        [node("Identity", ["c"], ["c2"]), node("Add", ["t", "one"], ["t2"])],
        "body",
        [
            value("i", TensorProto.INT64, ()),
            value("c", TensorProto.BOOL, ()),
            value("t", TensorProto.INT64, ()),
        ],
        [value("c2", TensorProto.BOOL, ()), value("t2", TensorProto.INT64, ())],
    )
    nodes = [node("Loop", ["x", "yes", "zero"], ["y"], body=body, name="loop")]
    constants = [const("yes", 1, bool), const("zero", 0, np.int64), const("one", 1, np.int64)]
    inputs, outputs = [value("x", TensorProto.INT64, ())], [value("y", TensorProto.INT64, ())]
    return model(graph(nodes, inputs, outputs, constants))


def branches() -> Any:
    """An If and an LSTM, as food for the tests of damage."""
    yes = graph([node("Identity", ["l"], ["t"])], [], [value("t", FLOAT, (1, 1, 3))])
    no = graph([node("Neg", ["l"], ["e"])], [], [value("e", FLOAT, (1, 1, 3))])
    nodes = [
        node("LSTM", ["x", "w", "r"], ["", "l"], hidden_size=3, name="lstm"),
        node("ReduceSum", ["l"], ["s"], keepdims=0),
        node("Greater", ["s", "zero"], ["c"]),
        node("If", ["c"], ["y"], then_branch=yes, else_branch=no, name="if"),
    ]
    constants = [
        const("w", RANDOM.normal(size=(1, 12, 2))),
        const("r", RANDOM.normal(size=(1, 12, 3))),
        const("zero", 0),
    ]
    inputs, outputs = [value("x", FLOAT, (2, 1, 2))], [value("y", FLOAT, (1, 1, 3))]
    return model(graph(nodes, inputs, outputs, constants))


def external(location: str) -> Any:
    weight = TensorProto(name="w", data_type=FLOAT, dims=[4], data_location=TensorProto.EXTERNAL)
    weight.external_data.add(key="location", value=location)
    weight.external_data.add(key="length", value="16")
    return model(graph([node("Add", ["x", "w"], ["y"])], [value("x")], [value("y")], [weight]))


def identity(dtype: int, opset: int = 17, ir: int = 8) -> Any:
    nodes = [node("Identity", ["x"], ["y"])]
    return model(graph(nodes, [value("x", dtype)], [value("y", dtype)]), opset, ir)


def sequence() -> Any:
    out = helper.make_tensor_sequence_value_info("y", FLOAT, None)
    return model(graph([node("SequenceConstruct", ["x"], ["y"])], [value("x")], [out]))


def one_node(operator: str, **settings: Any) -> Any:
    return graph([node(operator, ["x"], ["y"], name="odd", **settings)], [value("x")], [value("y")])


MODELS = {
    "add": add(),
    "bfloat16": identity(TensorProto.BFLOAT16),
    "big": big(),
    "branches": branches(),
    "conv": conv(),
    "custom_domain": model(one_node("Frobnicate", domain="odd.ops"), domains=["odd.ops"]),
    "dynamic": dynamic(),
    "every_dtype": every_dtype(),
    "external": external("external.onnx.data"),
    "external_absolute": external("/etc/hostname"),
    "external_outside": external("../../secret.data"),
    "float8": identity(TensorProto.FLOAT8E4M3FN, opset=19, ir=9),
    "half": half(),
    "int8": quantised(INT8, np.int8, -3),
    "int8_constants": quantised(INT8, np.int8, -3, as_nodes=True),
    "newer_format": model(one_node("Relu"), ir=99),
    "newer_opset": model(one_node("Relu"), opset=99),
    "no_shapes": no_shapes(),
    "passthrough": passthrough(),
    "per_channel": per_channel(),
    "positions": positions(),
    "quantised_inside": quantised_inside(),
    "quantised_alike": quantised_twice(0.5, 0.5),
    "quantised_twice": quantised_twice(0.5, 4.0),
    "scalars": scalars(),
    "sequence": sequence(),
    "spin": spin(),
    "string": identity(TensorProto.STRING),
    "two_symbols": two_symbols(),
    "uint8": quantised(UINT8, np.uint8, 7),
    "unknown_operator": model(one_node("Frobnicate")),
}

if __name__ == "__main__":
    for name, made in MODELS.items():
        save(name, made)
    (HERE / "external.onnx.data").write_bytes(np.arange(4, dtype=np.float32).tobytes())
