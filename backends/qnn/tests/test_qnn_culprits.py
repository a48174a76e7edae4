"""What QNN cannot compile, or must not try to, is refused by name."""

from __future__ import annotations

import numpy as np
import onnx
import pytest

from ei_runner_core import UnsupportedModelError

pytest.importorskip("onnxruntime_qnn")

MAKE = onnx.helper.make_node
FLOAT = onnx.TensorProto.FLOAT


def network(nodes: list[onnx.NodeProto], shape: list[int], **constants: np.ndarray) -> bytes:
    """A network from ``x`` of a shape to ``y``."""
    value = onnx.helper.make_tensor_value_info
    kept = [onnx.numpy_helper.from_array(array, name) for name, array in constants.items()]
    inputs, outputs = [value("x", FLOAT, shape)], [value("y", FLOAT, None)]
    graph = onnx.helper.make_graph(nodes, "some", inputs, outputs, kept)
    opset = [onnx.helper.make_opsetid("", 17)]
    model = onnx.helper.make_model(graph, opset_imports=opset, ir_version=9)
    return bytes(model.SerializeToString())


def between(*nodes: onnx.NodeProto, **constants: np.ndarray) -> bytes:
    """A network of nodes from ``a`` to ``b``, between others that QNN runs."""
    around = [MAKE("Relu", ["x"], ["a"], "first"), *nodes, MAKE("Sigmoid", ["b"], ["y"], "last")]
    return network(around, [1, 4, 8, 8], **constants)


@pytest.mark.parametrize("options", [{}, {"context_cache": False}, {"allow_cpu": True}])
def test_an_operator_that_cannot_be_compiled_is_named(open_network, cache, options):
    with pytest.raises(UnsupportedModelError) as caught:
        open_network(between(MAKE("Elu", ["a"], ["b"], "my_elu")), **options)

    assert "cannot run Elu (my_elu) of network.onnx, although its" in str(caught.value)
    assert "another backend (allow_cpu=True does not help here)" in str(caught.value)
    assert "emory" not in str(caught.value)


def test_all_of_a_kind_are_named_and_those_that_work_are_not(open_network):
    nodes = [
        MAKE("Elu", ["a"], ["c"], "one"),
        MAKE("Relu", ["c"], ["d"], "fine"),
        MAKE("Elu", ["d"], ["e"], "two"),
        MAKE("Gather", ["e", "places"], ["b"], "pick", axis=1),
    ]
    content = between(*nodes, places=np.array([0, 2], np.int64))

    with pytest.raises(UnsupportedModelError, match=r"Elu \(one\), Elu \(two\), Gather \(pick\) o"):
        open_network(content)


def test_constants_and_quantisation_come_along(open_network):
    nodes = [
        MAKE("QuantizeLinear", ["a", "scale", "zero"], ["c"]),
        MAKE("DequantizeLinear", ["c", "scale", "zero"], ["d"]),
        MAKE("Elu", ["d"], ["e"], "my_elu"),
        MAKE("Constant", [], ["places"], value_ints=[0, 2]),
        MAKE("Gather", ["e", "places"], ["b"], "pick", axis=1),
    ]
    content = between(*nodes, scale=np.float32(0.1), zero=np.uint8(0))

    with pytest.raises(UnsupportedModelError, match=r"cannot run .*\(pick\) of network.onnx"):
        open_network(content)


def test_an_operator_of_nobody_is_refused_without_options_of_others(open_network):
    node = MAKE("Weird", ["a"], ["b"], "mine", domain="of.nobody")
    model = onnx.load_model_from_string(between(node))
    model.opset_import.append(onnx.helper.make_opsetid("of.nobody", 1))

    with pytest.raises(UnsupportedModelError, match="Weird.*; export the network without") as found:
        open_network(model.SerializeToString())
    assert "custom_ops" not in str(found.value)


def test_inputs_without_values_are_refused(open_network):
    with pytest.raises(UnsupportedModelError, match=r"'x' of .* shape \(0, 4\).* sizes from 1 on"):
        open_network(network([MAKE("Relu", ["x"], ["y"])], [0, 4]))


@pytest.mark.parametrize("options", [{}, {"context_cache": False}])
@pytest.mark.parametrize(("count", "shown"), [(2**31, r"\[1, 2147483648\]"), (0, r"\[1, 0\]")])
def test_tensors_of_impossible_sizes_are_refused(open_network, options, count, shown):
    nodes = [MAKE("Tile", ["x", "times"], ["big"]), MAKE("ReduceMax", ["big"], ["y"])]
    content = network(nodes, [1, 1], times=np.array([1, count], np.int64))

    with pytest.raises(UnsupportedModelError, match=f"tensor 'big' .* {shown}.*1 to 67108864"):
        open_network(content, **options)


def test_sizes_that_are_given_count(open_network):
    content = network([MAKE("Relu", ["x"], ["y"])], ["n", 4])

    with pytest.raises(UnsupportedModelError, match="'x' in .* 4000000000 values"):
        open_network(content, input_shapes={"x": [1_000_000_000, 4]})
