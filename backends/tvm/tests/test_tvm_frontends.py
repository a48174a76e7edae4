"""Networks that TVM cannot compile say why, by name; those that it can keep their tensors."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterable, Iterator

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from ei_runner_core import (
    EdgeImpulseError,
    InvalidInputError,
    ModelFormatError,
    ModelNotFoundError,
    Network,
    UnsupportedModelError,
)
from ei_runner_core.demos import demo, demos
from ei_runner_tvm.compiler import load_compiler
from ei_runner_tvm.frontends import import_network

VARIANTS = [(one.name, variant) for one in demos() for variant in ("float32", "int8")]


@pytest.fixture(autouse=True)
def compiler():
    load_compiler()


def network_of(nodes, inputs, outputs, constants=(), opset=13) -> bytes:
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info(name, kind, shape) for name, kind, shape in inputs],
        [helper.make_tensor_value_info(name, kind, shape) for name, kind, shape in outputs],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants],
    )
    domains = {node.domain for node in nodes} | {""}
    imports = [helper.make_opsetid(domain, opset if not domain else 1) for domain in domains]
    return helper.make_model(graph, opset_imports=imports, ir_version=8).SerializeToString()


def imported(content: bytes, suffix: str = ".onnx", **shapes: tuple[int, ...]):
    return import_network(Network(f"network{suffix}", suffix), content, shapes)


X, Y = ("x", TensorProto.FLOAT, [1, 4]), ("y", TensorProto.FLOAT, [1, 4])


def refused(content: bytes, match: str, kind=UnsupportedModelError, **options) -> None:
    with pytest.raises(kind, match=match) as caught:
        imported(content, **options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("name", "variant"), VARIANTS)
@pytest.mark.parametrize("suffix", [".onnx", ".tflite"])
def test_tensors_are_described_as_by_the_engine_of_the_format(name, variant, suffix):
    backend = pytest.importorskip(
        {".onnx": "ei_runner_onnx.backend", ".tflite": "ei_runner_full_tflite.backend"}[suffix]
    )
    kind = backend.OnnxBackend if suffix == ".onnx" else backend.FullTfliteBackend
    path = demo(name).model(variant) / f"network{suffix}"

    found = import_network(Network(path.name, suffix, path), path.read_bytes(), {})

    with kind().open(Network(path.name, suffix, path), {}) as session:
        assert (found.inputs, found.outputs) == (session.inputs, session.outputs)


def test_all_missing_operators_are_named_and_counted():
    nodes = [
        helper.make_node("Frobnicate", ["x"], ["a"]),
        helper.make_node("Frobnicate", ["a"], ["b"]),
        helper.make_node("Relu", ["b"], ["c"], domain="odd.ops"),
        helper.make_node("Relu", ["c"], ["y"]),
    ]

    refused(network_of(nodes, [X], [Y]), r"Frobnicate \(2\), odd.ops:Relu \(1\); export it")


def test_operators_in_inner_graphs_count_too():
    inner = helper.make_graph(
        [helper.make_node("Frobnicate", ["x"], ["z"])],
        "inner",
        [],
        [helper.make_tensor_value_info("z", TensorProto.FLOAT, [1, 4])],
    )
    nodes = [helper.make_node("If", ["flag"], ["y"], then_branch=inner, else_branch=inner)]

    content = network_of(nodes, [X, ("flag", TensorProto.BOOL, [])], [Y])

    refused(content, r"Frobnicate \(2\)")


def test_an_operator_that_cannot_be_converted_is_named(capfd):
    nodes = [helper.make_node("TopK", ["x", "k"], ["y", "i"])]
    inputs = [X, ("k", TensorProto.INT64, [1])]
    outputs = [("y", TensorProto.FLOAT, [1, 2]), ("i", TensorProto.INT64, [1, 2])]

    refused(network_of(nodes, inputs, outputs), "the operator TopK of network.onnx: TopK k must be")

    assert capfd.readouterr() == ("", "")


def test_an_error_leaves_nothing_behind_that_breaks_the_next_network():
    test_all_missing_operators_are_named_and_counted()

    assert imported(network_of([helper.make_node("Relu", ["x"], ["y"])], [X], [Y])).inputs


def dynamic() -> bytes:
    nodes = [helper.make_node("Relu", ["x"], ["y"])]
    shape = ["batch", 4]
    return network_of(nodes, [("x", TensorProto.FLOAT, shape)], [("y", TensorProto.FLOAT, shape)])


def test_a_dynamic_input_is_refused_with_the_way_out():
    refused(dynamic(), r"the input 'x' .*dynamic shape \(-1, 4\).*input_shapes=\{\"x\": \[1, 4\]\}")


def test_a_size_of_0_is_told_as_one():
    nodes = [helper.make_node("Relu", ["x"], ["y"])]
    shape = [0, 4]
    content = network_of(nodes, [("x", 1, shape)], [("y", 1, shape)])

    refused(content, r"the input 'x' of network\.onnx has the shape \(0, 4\), and a size of 0")


def test_a_dynamic_input_can_be_fixed():
    found = imported(dynamic(), x=(3, 4))

    assert found.inputs[0].shape == found.outputs[0].shape == (3, 4)


@pytest.mark.parametrize("shape", [(3, 5), (3,), (3, 4, 1)])
def test_a_shape_that_does_not_suit_the_input_is_refused(shape):
    refused(dynamic(), r"expected \(-1, 4\), where -1", InvalidInputError, x=shape)


def test_a_shape_of_an_input_that_is_not_there_is_refused():
    refused(dynamic(), "names the input 'z', network.onnx has x", InvalidInputError, z=(1, 4))


def test_an_output_that_is_known_only_when_it_runs_is_named():
    nodes = [helper.make_node("NonZero", ["x"], ["y"])]
    content = network_of(nodes, [X], [("y", TensorProto.INT64, [2, "found"])])

    refused(content, "the output 'y' has a shape that is known only when it runs")


def test_a_newer_opset_is_refused():
    nodes = [helper.make_node("Relu", ["x"], ["y"])]

    refused(network_of(nodes, [X], [Y], opset=99), "opset 99.*pip install -U onnx")


def test_a_type_that_numpy_lacks_is_refused():
    nodes = [helper.make_node("Identity", ["x"], ["y"])]
    tensors = [[(name, TensorProto.STRING, [1])] for name in "xy"]

    refused(network_of(nodes, *tensors), "the input 'x' is a tensor_type of the type 8, expected")


def test_weights_in_other_files_are_refused():
    content = network_of(
        [helper.make_node("Add", ["x", "w"], ["y"])], [X], [Y], [("w", np.ones(4, np.float32))]
    )
    model = onnx.ModelProto.FromString(content)
    (tensor,) = model.graph.initializer
    tensor.data_location = TensorProto.EXTERNAL
    tensor.ClearField("raw_data")
    tensor.external_data.add(key="location", value="../secret")

    refused(model.SerializeToString(), "keeps w in other files, expected all in one")


NOT_A_NETWORK = {
    "empty": b"",
    "text": b"this is certainly not a network" * 10,
    "zeros": bytes(1000),
    "a zip": b"PK\3\4" * 100,
}


@pytest.mark.parametrize("content", NOT_A_NETWORK.values(), ids=NOT_A_NETWORK)
@pytest.mark.parametrize("suffix", [".onnx", ".tflite"])
def test_what_is_no_network_is_one_clear_error(content, suffix):
    refused(content, f"network{suffix} is no ", ModelFormatError, suffix=suffix)


@pytest.mark.parametrize("suffix", [".onnx", ".tflite"])
@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.99])
def test_a_network_that_was_cut_off_is_one_clear_error(suffix, part):
    content = (demo("motion").model("float32") / f"network{suffix}").read_bytes()

    with pytest.raises((ModelFormatError, UnsupportedModelError)):
        imported(content[: int(len(content) * part)], suffix)


@pytest.mark.parametrize("suffix", [".onnx", ".tflite"])
def test_a_damaged_network_is_an_error_or_a_network(suffix, capfd):
    content = (demo("motion").model("int8") / f"network{suffix}").read_bytes()
    generator = np.random.default_rng(0)
    for _ in range(40):
        changed = bytearray(content)
        for place in generator.integers(0, min(len(content), 1500), 3):
            changed[place] = generator.integers(256)
        with contextlib.suppress(EdgeImpulseError):
            imported(bytes(changed), suffix)
    assert capfd.readouterr().err == ""


def patched(content: bytes, place: int, value: bytes) -> bytes:
    return content[:place] + value + content[place + len(value) :]


def every_damage(content: bytes) -> Iterator[bytes]:
    """Cut off anywhere, and with pointers and numbers changed near its end, where its graph is."""
    generator = random.Random(0)
    for _ in range(60):
        yield content[: generator.randrange(len(content))]
        aligned = generator.randrange(len(content) - 5000, len(content) - 4) & ~3
        for value in (b"\xff" * 4, bytes(4), (1 << 20).to_bytes(4, "little")):
            yield patched(content, aligned, value)
        flipped = generator.randrange(len(content) - 5000, len(content))
        bit = 1 << generator.randrange(8)
        yield patched(content, flipped, bytes([content[flipped] ^ bit]))


def refusals(contents: Iterable[bytes]) -> Iterator[EdgeImpulseError]:
    for content in contents:
        try:
            imported(content, ".tflite")
        except EdgeImpulseError as error:
            yield error


def test_a_damaged_tflite_network_is_nothing_but_an_error_of_its_own(capfd):
    content = (demo("motion").model("int8") / "network.tflite").read_bytes()

    errors = list(refusals(every_damage(content)))

    assert len(errors) > 60
    assert {type(error) for error in errors} <= {ModelFormatError, UnsupportedModelError}
    assert all(str(error).isprintable() for error in errors)
    assert not any("unpack_from" in str(error) or "codec" in str(error) for error in errors)
    assert capfd.readouterr().err == ""


def test_a_tflite_network_that_points_beyond_its_end_is_damaged():
    content = (demo("motion").model("int8") / "network.tflite").read_bytes()
    cut = content[: len(content) // 2]

    refused(
        cut,
        rf"is a damaged .*: it ends after {len(cut)} bytes, but points beyond that; copy or export",
        ModelFormatError,
        suffix=".tflite",
    )


def test_a_tflite_constant_that_its_shape_does_not_suit_is_damaged():
    content = (demo("motion").model("float32") / "network.tflite").read_bytes()
    tflite = pytest.importorskip("tflite")
    graph = (model := tflite.Model.GetRootAsModel(content, 0)).Subgraphs(0)
    tensors = map(graph.Tensors, range(graph.TensorsLength()))
    constant = next(each for each in tensors if model.Buffers(each.Buffer()).DataLength())
    table = constant._tab
    changed = patched(content, table.Vector(table.Offset(4)), (1000).to_bytes(4, "little"))

    refused(
        changed,
        r"the tensor '.*' has \d+ bytes, expected \d+ for \w+ of the shape \(1000,",
        ModelFormatError,
        suffix=".tflite",
    )


def test_a_tflite_name_that_is_no_utf8_is_damage():
    content = (demo("motion").model("float32") / "network.tflite").read_bytes()
    tflite = pytest.importorskip("tflite")
    graph = tflite.Model.GetRootAsModel(content, 0).Subgraphs(0)
    name = graph.Tensors(int(graph.Inputs(0))).Name()

    changed = content.replace(name, b"\xff" * len(name))

    refused(changed, "one of its names is no UTF-8", ModelFormatError, suffix=".tflite")


@pytest.mark.parametrize("field", ["Relu", "ai.onnx"])
def test_onnx_operators_whose_names_are_no_utf8_are_damage(field):
    nodes = [helper.make_node(kind, ["x"], ["y"], domain="ai.onnx") for kind in ("Relu", "Odd")]
    content = network_of(nodes, [X], [Y])

    changed = content.replace(field.encode(), b"\xff" * len(field))

    refused(changed, "damaged, .*an operator's name is no UTF-8", ModelFormatError)


def test_a_missing_file_is_told(tmp_path):
    from ei_runner_tvm.backend import TvmBackend

    with pytest.raises(ModelNotFoundError, match=r"gone\.onnx"):
        TvmBackend().compile(Network("gone", ".onnx", path=tmp_path / "gone.onnx"), {})


def test_integers_that_are_quantised_for_each_channel_are_refused():
    nodes = [helper.make_node("QuantizeLinear", ["x", "s", "z"], ["y"], axis=1)]
    constants = [("s", np.ones(4, np.float32)), ("z", np.zeros(4, np.int8))]
    content = network_of(nodes, [X], [("y", TensorProto.INT8, [1, 4])], constants)

    refused(content, "the tensor 'y' is quantised with 4 scales, one for each channel")
