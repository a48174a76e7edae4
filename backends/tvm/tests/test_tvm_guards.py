"""No index and no divisor of a network reaches memory of others, or ends the process."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from ei_runner_core import ModelFormatError, Network, UnsupportedModelError
from ei_runner_tvm.backend import TvmBackend
from ei_runner_tvm.compiler import load_compiler
from ei_runner_tvm.frontends import import_network
from ei_runner_tvm.guards import guarded

FLOAT, INT32, INT64 = TensorProto.FLOAT, TensorProto.INT32, TensorProto.INT64
DATA = np.arange(4, dtype=np.float32)
FAR = np.array([10**12, -(10**12), -1, 2])


@pytest.fixture(autouse=True)
def compiler():
    load_compiler()


def network_of(operator, inputs, output, constants=(), **attributes) -> Network:
    """A network of one operator; inputs and output by name, type and shape."""
    names = [name for name, *_ in (*inputs, *constants)]
    graph = helper.make_graph(
        [helper.make_node(operator, sorted(names), ["out"], **attributes)],
        "graph",
        [helper.make_tensor_value_info(*each) for each in inputs],
        [helper.make_tensor_value_info("out", *output)],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return Network("network.onnx", ".onnx", content=model.SerializeToString())


def answer(network: Network, *arrays: np.ndarray) -> list:
    with TvmBackend().open(network, {"march": "portable", "optimization": 1}) as session:
        return session.run(list(arrays))[0].tolist()


def refused(network: Network, match: str, kind=UnsupportedModelError) -> None:
    with pytest.raises(kind, match=match) as caught:
        import_network(network, network.read(), {})
    assert "\n" not in str(caught.value)


LINE, PAIRS = ("a", FLOAT, [4]), ("a", FLOAT, [2, 2])


@pytest.mark.parametrize(
    ("operator", "expected"),
    [("Gather", [3, 0, 3, 2]), ("GatherElements", [3, 0, 3, 2]), ("ScatterElements", [1, 1, 3, 2])],
)
def test_indices_end_at_the_ends_of_the_tensor(operator, expected):
    inputs = [LINE, ("b", INT64, [4])]
    constants = [("c", DATA)] if operator.startswith("Scatter") else []
    network = network_of(operator, inputs, (FLOAT, [4]), constants)

    assert answer(network, DATA, FAR) == expected


def test_coordinates_end_at_the_ends_of_the_tensor():
    inputs = [PAIRS, ("b", INT64, [2, 2])]
    gather = network_of("GatherND", inputs, (FLOAT, [2]))
    scatter = network_of("ScatterND", inputs, (FLOAT, [2, 2]), [("c", DATA[:2] + 7)])

    assert answer(gather, DATA.reshape(2, 2), FAR.reshape(2, 2)) == [2, 3]
    assert answer(scatter, DATA.reshape(2, 2), FAR.reshape(2, 2)) == [[0, 1], [7, 8]]


def test_constant_indices_count_from_both_ends():
    network = network_of("Gather", [LINE], (FLOAT, [4]), [("b", np.array([0, 3, -1, -4]))])

    assert answer(network, DATA) == [0, 3, 3, 0]


@pytest.mark.parametrize("index", [4, -5, 10**12])
@pytest.mark.parametrize("operator", ["Gather", "GatherElements", "GatherND"])
def test_a_constant_index_outside_of_its_tensor_is_damage(operator, index):
    indices = np.array([index] if operator != "GatherND" else [[index]])
    network = network_of(operator, [LINE], (FLOAT, [1]), [("b", indices)])

    refused(network, r"a constant index outside of its tensor \(\w+, \[?4\]? ", ModelFormatError)


@pytest.mark.parametrize("kind", [INT32, INT64])
@pytest.mark.parametrize("operator", ["Div", "Mod"])
def test_integers_are_not_divided_by_what_may_be_zero(operator, kind):
    network = network_of(operator, [("a", kind, [4]), ("b", kind, [4])], (kind, [4]))

    refused(network, r"divides integers \(Div, Mod\) by numbers that are not constant")


@pytest.mark.parametrize("operator", ["Div", "Mod"])
def test_integers_are_not_divided_by_a_constant_zero(operator):
    network = network_of(operator, [("a", INT64, [2])], (INT64, [2]), [("b", np.array([3, 0]))])

    refused(network, r"network\.onnx.*(zero|0)")


def test_integers_are_divided_by_other_constants():
    network = network_of("Div", [("a", INT64, [2])], (INT64, [2]), [("b", np.array([3, -2]))])

    assert answer(network, np.array([7, 8])) == [2, -4]


def test_floats_are_divided_by_anything():
    network = network_of("Div", [LINE, ("b", FLOAT, [4])], (FLOAT, [4]))

    assert answer(network, DATA, np.array([1, 2, 0, 1], np.float32)) == [0, 0.5, np.inf, 3]


def test_more_of_the_largest_numbers_than_there_are_is_damage():
    nodes = [helper.make_node("TopK", ["a", "k"], ["out", "places"])]
    values = [helper.make_tensor_value_info("out", FLOAT, [5])]
    values.append(helper.make_tensor_value_info("places", INT64, [5]))
    inputs = [helper.make_tensor_value_info(*LINE)]
    graph = helper.make_graph(
        nodes, "graph", inputs, values, [numpy_helper.from_array(np.array([5]), "k")]
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    network = Network("network.onnx", ".onnx", content=model.SerializeToString())

    refused(network, r"the 5 largest of 4 numbers \(TopK\)", ModelFormatError)


IMAGE = ("a", FLOAT, [1, 1, 8, 8])


def resized(sizes, scales=None, **attributes) -> Network:
    given = ["a", "", "z"] if scales is not None else ["a", "", "", "z"]
    constant = np.array(scales, np.float32) if scales is not None else np.array(sizes)
    graph = helper.make_graph(
        [helper.make_node("Resize", given, ["out"], **attributes)],
        "graph",
        [helper.make_tensor_value_info(*IMAGE)],
        [helper.make_tensor_value_info("out", FLOAT, sizes)],
        [numpy_helper.from_array(constant, "z")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    return Network("network.onnx", ".onnx", content=model.SerializeToString())


@pytest.mark.parametrize(
    ("network", "problem"),
    [
        (resized([1, 1, 4, 4], antialias=1, mode="linear"), "antialias=1, which TVM ignores"),
        (resized([1, 1, 5, 5], [1, 1, 0.7, 0.7], mode="nearest"), "which gives no whole sizes"),
        (resized([1, 1, 10, 10], [1, 1, 1.3, 1.3], mode="cubic"), "which gives no whole sizes"),
        (resized([1, 2, 8, 8], [1, 2, 1, 1], mode="nearest"), "the batch or the channels"),
        (resized([1, 2, 8, 8], mode="nearest"), "the batch or the channels"),
        (resized([4, 4], axes=[2, 3], mode="nearest"), "names axes, which TVM ignores"),
    ],
)
def test_a_resizing_that_tvm_gets_wrong_is_refused(network, problem):
    refused(network, f"the operator Resize .*{problem}")


@pytest.mark.parametrize(
    "network",
    [
        resized([1, 1, 16, 4], [1, 1, 2, 0.5], mode="nearest"),
        resized([1, 1, 12, 12], [1, 1, 1.5, 1.5], mode="linear"),
        resized([1, 1, 11, 5], mode="cubic"),
        resized(
            [1, 1, 5, 5],
            [1, 1, 0.7, 0.7],
            mode="nearest",
            coordinate_transformation_mode="align_corners",
        ),
    ],
)
def test_a_resizing_that_tvm_gets_right_is_as_that_of_the_engine_of_the_format(network):
    backend = pytest.importorskip("ei_runner_onnx.backend").OnnxBackend()
    image = np.random.default_rng(0).random((1, 1, 8, 8), np.float32)

    found = answer(network, image)

    with backend.open(network, {}) as session:
        np.testing.assert_allclose(found, session.run([image])[0], atol=1e-5)


@pytest.mark.parametrize(
    ("attributes", "problem"),
    [
        ({"kernel_shape": [0, 2]}, r"has the kernel \[0, 2\]"),
        ({"kernel_shape": [2, 2], "pads": [0, 0, 0, 2]}, r"pads by \[0, 0, 0, 2\]"),
    ],
)
@pytest.mark.parametrize("operator", ["AveragePool", "MaxPool"])
def test_a_pooling_that_cannot_be_is_refused(operator, attributes, problem):
    network = network_of(operator, [IMAGE], (FLOAT, [1, 1, 8, 8]), **attributes)

    refused(network, f"the operator {operator} .*{problem}")


def test_regions_of_an_image_that_may_not_be_there_are_refused():
    inputs = [IMAGE, ("b", FLOAT, [1, 4])]
    sizes = {"output_height": 2, "output_width": 2}
    some = network_of("RoiAlign", [*inputs, ("c", INT64, [1])], (FLOAT, [1, 1, 2, 2]), **sizes)
    first = network_of("RoiAlign", inputs, (FLOAT, [1, 1, 2, 2]), [("c", np.array([0]))], **sizes)

    refused(some, r"the operator RoiAlign .*expected constants that name the first \(0\)")
    assert import_network(first, first.read(), {}).outputs[0].shape == (1, 1, 2, 2)


def test_an_operator_that_finds_what_it_finds_is_refused():
    inputs = [("a", FLOAT, [1, 6, 4]), ("b", FLOAT, [1, 1, 6])]
    constants = [("c", np.array([3])), ("d", np.array([0.5], np.float32))]
    network = network_of("NonMaxSuppression", inputs, (INT64, ["found", 3]), constants)

    refused(network, "NonMaxSuppression .*as many outputs as it finds")


def module_of(call, *kinds):
    """A network in TVM's form, of one call, as the reader of another format would make it."""
    relax = import_module("tvm.relax")
    builder = relax.BlockBuilder()
    parameters = [
        relax.Var(f"p{number}", relax.TensorType(shape, dtype))
        for number, (shape, dtype) in enumerate(kinds)
    ]
    with builder.function("main", parameters):
        builder.emit_func_output(builder.emit(call(relax, *parameters)))
    return builder.get()


def test_negative_indices_of_formats_that_have_none_are_damage():
    module = module_of(
        lambda relax, data: relax.op.take(data, relax.const([-1], "int32"), 0), ([4], "float32")
    )

    with pytest.raises(ModelFormatError, match=r"constant index outside of its tensor \(take"):
        guarded(module, "network.tflite")


def test_indices_of_other_types_and_lengths_of_sequences_are_bounded():
    lengths = module_of(
        lambda relax, data, count: relax.op.reverse_sequence(data, count, 0, 1),
        ([4, 2], "float32"),
        ([2], "int32"),
    )
    small = module_of(
        lambda relax, data, index: relax.op.gather_elements(data, index, 0),
        ([300], "float32"),
        ([2], "int8"),
    )

    for module in (lengths, small):
        text = guarded(module, "network.tflite").script()
        assert "R.minimum" in text
        assert "R.maximum" in text


@pytest.mark.parametrize("operator", ["divide", "floor_divide", "floor_mod"])
def test_integers_of_other_formats_are_not_divided_by_what_may_be_zero(operator):
    module = module_of(
        lambda relax, a, b: getattr(relax.op, operator)(a, b), ([4], "int32"), ([4], "int32")
    )

    with pytest.raises(UnsupportedModelError, match="divides integers"):
        guarded(module, "network.tflite")
