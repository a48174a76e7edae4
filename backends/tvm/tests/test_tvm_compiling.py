"""What is compiled computes what the network says, and is the same every time."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from ei_runner_core import (
    BackendUnavailableError,
    BuildError,
    EdgeImpulseModel,
    Network,
    UnsupportedModelError,
)
from ei_runner_core.demos import demo, demos
from ei_runner_tvm import compiler, compiling
from ei_runner_tvm.backend import TvmBackend
from ei_runner_tvm.compile_options import CompileOptions
from ei_runner_tvm.compiling import compile_network
from ei_runner_tvm.manifest import pack

pytestmark = pytest.mark.requires("compiler")

OTHERS = {".onnx": "ei_runner_onnx.backend", ".tflite": "ei_runner_full_tflite.backend"}
EACH_LEVEL = pytest.mark.parametrize("level", range(4))


def run(network: Network, inputs: list[np.ndarray], **options: object) -> tuple[np.ndarray, ...]:
    compiled = compile_network(network, CompileOptions(**options))
    content = pack(compiled.manifest, compiled.library)
    with TvmBackend().open(Network("network.tvm", ".tvm", content=content), {}) as session:
        return session.run(inputs)


def network_file(name: str, variant: str, suffix: str) -> Network:
    path = demo(name).model(variant) / f"network{suffix}"
    return Network(path.name, suffix, path)


def random_input(spec, generator) -> np.ndarray:
    if spec.dtype == "int8":
        return generator.integers(-128, 128, spec.shape).astype(np.int8)
    return generator.random(spec.shape, np.float32)


@pytest.mark.parametrize("suffix", OTHERS)
@pytest.mark.parametrize("variant", ["float32", "int8"])
@pytest.mark.parametrize("name", [one.name for one in demos()])
def test_every_demo_computes_as_the_engine_of_its_format(name, variant, suffix):
    backend = pytest.importorskip(OTHERS[suffix])
    other = backend.OnnxBackend() if suffix == ".onnx" else backend.FullTfliteBackend()
    network = network_file(name, variant, suffix)
    generator = np.random.default_rng(0)

    with other.open(network, {}) as theirs, TvmBackend().open(network, {}) as ours:
        for _ in range(20):
            inputs = [random_input(spec, generator) for spec in theirs.inputs]
            for answer, expected in zip(ours.run(inputs), theirs.run(inputs), strict=True):
                assert answer.dtype == expected.dtype
                if variant == "float32":
                    np.testing.assert_allclose(answer, expected, atol=1e-4)
                    continue
                # TVM adds up in floats: now and then that rounds otherwise, and carries on.
                apart = np.abs(answer.astype(int) - expected.astype(int))
                assert np.mean(apart > 1) < 0.01
                assert apart.max() <= 4


@pytest.mark.parametrize("suffix", OTHERS)
@pytest.mark.parametrize("name", ["digits", "motion"])
def test_every_label_of_an_int8_demo_is_that_of_the_other_engine(name, suffix):
    other = {".onnx": "onnx", ".tflite": "full-tflite"}[suffix]
    pytest.importorskip(OTHERS[suffix])
    one = demo(name)
    with np.load(one.model("int8").parent / "held_out.npz") as held_out:
        windows = held_out["images"] if "images" in held_out else held_out["windows"]
    network = one.model("int8") / f"network{suffix}"

    def labels(backend: str) -> list[tuple[str, float]]:
        with EdgeImpulseModel(one.model("int8"), backend=backend, network=network) as model:
            if name == "digits":
                results = [model.infer_image(np.stack([image] * 3, axis=-1)) for image in windows]
            else:
                results = [model.infer(window.ravel()) for window in windows]
        return [result.top(1)[0] for result in results]

    assert [label for label, _ in labels("tvm")] == [label for label, _ in labels(other)]


def convolutions(generator: np.random.Generator) -> tuple[Network, list[np.ndarray], np.ndarray]:
    """A network with sums of all kinds, and the answer of ONNX's own reference."""
    from onnx.reference import ReferenceEvaluator

    constants = {
        "w1": generator.normal(size=(8, 3, 3, 3)),
        "w2": generator.normal(size=(8, 1, 3, 3)),
        "w3": generator.normal(size=(12, 8, 1, 1)) / 3,
        "w4": generator.normal(size=(12, 7)),
        "b1": generator.normal(size=8),
        "b4": generator.normal(size=7),
    }
    nodes = [
        helper.make_node("Conv", ["x", "w1", "b1"], ["a"], pads=[1, 1, 1, 1], strides=[2, 2]),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("Conv", ["b", "w2"], ["c"], pads=[1, 1, 1, 1], group=8),
        helper.make_node("MaxPool", ["c"], ["d"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Conv", ["d", "w3"], ["e"]),
        helper.make_node("Sigmoid", ["e"], ["f"]),
        helper.make_node("GlobalAveragePool", ["f"], ["g"]),
        helper.make_node("Flatten", ["g"], ["h"]),
        helper.make_node("Gemm", ["h", "w4", "b4"], ["i"]),
        helper.make_node("Softmax", ["i"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "convolutions",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 22, 18])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 7])],
        [numpy_helper.from_array(array.astype("f"), name) for name, array in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    sample = generator.normal(size=(1, 3, 22, 18)).astype("f")
    (expected,) = ReferenceEvaluator(model).run(None, {"x": sample})
    network = Network("convolutions.onnx", ".onnx", content=model.SerializeToString())
    return network, [sample], expected


@EACH_LEVEL
@pytest.mark.parametrize("march", ["portable", "native"])
def test_every_level_computes_the_same(level, march, caplog):
    network, inputs, expected = convolutions(np.random.default_rng(1))

    with caplog.at_level(logging.INFO, "ei_runner_tvm"):
        (answer,) = run(network, inputs, optimization=level, march=march)

    np.testing.assert_allclose(answer, expected, atol=1e-5)
    assert not caplog.records  # no level fell back to a lower one


def test_a_level_that_tvm_fails_at_falls_back_to_a_lower_one(monkeypatch, caplog):
    network, inputs, expected = convolutions(np.random.default_rng(2))

    def fail(_: int) -> None:
        raise RuntimeError("no such loop")

    monkeypatch.setattr(compiler, "tiled_reductions", fail)
    with caplog.at_level(logging.INFO, "ei_runner_tvm"):
        (answer,) = run(network, inputs)

    np.testing.assert_allclose(answer, expected, atol=1e-5)
    assert "cannot compile convolutions.onnx at level 3: no such loop" in caplog.text


@pytest.mark.parametrize("suffix", OTHERS)
def test_the_same_network_gives_the_same_bytes(suffix):
    network = network_file("motion", "float32", suffix)

    first, second = (compile_network(network, CompileOptions()) for _ in range(2))

    assert first.manifest == second.manifest
    assert first.library == second.library


def test_where_a_file_lies_does_not_matter(tmp_path):
    source = demo("motion").model("float32") / "network.onnx"
    (copy := tmp_path / source.name).write_bytes(source.read_bytes())

    first, second = (
        TvmBackend().compile(Network(str(path), ".onnx", path), {}).read()
        for path in (source, copy)
    )

    assert first == second


def test_a_network_that_cannot_be_packed_is_not_damaged():
    value = numpy_helper.from_array(np.ones(2, np.float32))
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, [2])
    nodes = [helper.make_node("Constant", [], ["y"], value=value)]
    opsets = [helper.make_opsetid("", 17)]
    model = helper.make_model(
        helper.make_graph(nodes, "graph", [], [output]), opset_imports=opsets, ir_version=8
    )
    network = Network("constant.onnx", ".onnx", content=model.SerializeToString())

    with pytest.raises(UnsupportedModelError, match="constant.onnx cannot be .*: it has no inputs"):
        compile_network(network, CompileOptions())


def test_the_manifest_says_where_it_is_from():
    network = network_file("motion", "int8", ".tflite")

    manifest = compile_network(network, CompileOptions()).manifest

    assert (manifest.name, manifest.source_format) == ("network.tflite", ".tflite")
    assert len(manifest.source_sha256) == 64
    assert manifest.inputs[0].is_quantized
    assert manifest.tvm_version.startswith("0.")


def left_behind() -> set[str]:
    return {path.name for path in Path(tempfile.gettempdir()).glob("ei-runner-tvm-*")}


def test_nothing_is_left_behind(monkeypatch, tmp_path, dense, capfd):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    compile_network(dense.network, CompileOptions())

    assert left_behind() == set()
    assert capfd.readouterr() == ("", "")


def test_object_files_are_made_where_it_is_asked_for(monkeypatch, tmp_path, dense):
    seen = []
    link = compiling.link

    def linked(command, objects, output, target):
        seen.append(output.parent.parent)
        link(command, objects, output, target)

    monkeypatch.setattr(compiling, "link", linked)
    compile_network(dense.network, CompileOptions(), workspace=tmp_path)

    assert seen == [tmp_path]
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_left_behind_where_linking_fails(monkeypatch, tmp_path, dense):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(compiling, "find_linker", lambda *_: ("false",))

    with pytest.raises(BuildError, match="false cannot link the network for"):
        compile_network(dense.network, CompileOptions())

    assert left_behind() == set()


def test_what_is_no_library_of_the_target_is_refused(monkeypatch, dense):
    def copy(command, objects, output, target):
        output.write_bytes(b"nothing")

    monkeypatch.setattr(compiling, "link", copy)

    with pytest.raises(BuildError, match="made no .* library for"):
        compile_network(dense.network, CompileOptions())


def test_a_missing_frontend_is_told_with_what_to_install(monkeypatch, dense):
    compiler.load_compiler()
    monkeypatch.setitem(__import__("sys").modules, "onnx", None)

    with pytest.raises(BackendUnavailableError, match=r"needs onnx.*ei-runner\[tvm\]"):
        compile_network(dense.network, CompileOptions())
