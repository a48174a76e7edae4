"""A network that was just compiled answers as on the engine of its format, or it is refused."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_distributions import hide_backends
from onnx import TensorProto, helper
from tvm_tflite_networks import Tensor, network_of

from ei_runner_core import (
    InferenceError,
    InvalidInputError,
    Network,
    UnsupportedModelError,
    plugins,
)
from ei_runner_core.testing.cases import golden_cases
from ei_runner_tvm import compiling_apart
from ei_runner_tvm.backend import TvmBackend
from ei_runner_tvm.self_check import check_answers
from ei_runner_tvm.tolerances import find_difference, limits_for

pytestmark = pytest.mark.requires("compiler")

FLOATS, STEPS = Tensor((2, 6), "float32"), Tensor((2, 6), "int8", 0.05, -3)
ENGINES = {".onnx": "ei_runner_onnx", ".tflite": "ei_runner_full_tflite"}


def onnx_of(operator: str, shape=(2, 6), **attributes: Any) -> Network:
    """A network of one operator from ``x`` to ``y``."""
    graph = helper.make_graph(
        [helper.make_node(operator, ["x"], ["y"], **attributes)],
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, 6])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
    )
    imports = [helper.make_opsetid("", 13)]
    model = helper.make_model(graph, opset_imports=imports, ir_version=8)
    return Network("network.onnx", ".onnx", content=model.SerializeToString())


def tflite_of(operator: str, tensor: Tensor, made: Tensor | None = None) -> Network:
    content = network_of(operator, [tensor], [made or tensor])
    return Network("network.tflite", ".tflite", content=content)


PLACES = Network(
    "network.tflite",
    ".tflite",
    content=network_of(
        "ARG_MAX",
        [STEPS, Tensor((), "int32", data=np.array(1, np.int32))],
        [Tensor((2,), "int32")],
        ("ArgMaxOptions", {"OutputType": 2}),
    ),
)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache with nothing in it."""
    monkeypatch.setenv("EI_RUNNER_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "tvm"


@pytest.fixture
def miscompile(cache, monkeypatch):
    """Lets the compiler make another network than the one that it is given."""
    compile_apart = compiling_apart.compile_apart

    def take(other: Network) -> None:
        monkeypatch.setattr(
            compiling_apart, "compile_apart", lambda _, *how: compile_apart(other, *how)
        )

    return take


@pytest.fixture
def records(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG, "ei_runner_tvm")
    return caplog


class Answers:
    """A session that answers what it is told, to whatever."""

    def __init__(self, network: Network, change) -> None:
        self.right = TvmBackend().open(network, {"self_check": False})
        self.inputs, self.outputs = self.right.inputs, self.right.outputs
        self.change = change

    def run(self, inputs):
        return tuple(self.change(array) for array in self.right.run(inputs))


def entries(cache: Path) -> list[Path]:
    return [path for path in cache.iterdir() if path.is_dir()]


def needs_engine_of(network: Network) -> None:
    pytest.importorskip(ENGINES[network.format])


@pytest.mark.parametrize(
    ("network", "other", "said"),
    [
        (
            onnx_of("Relu"),
            onnx_of("Abs"),
            r"'y' of network\.onnx is [\d.]+ on TVM where onnx gives",
        ),
        (
            onnx_of("Softmax", axis=1),
            onnx_of("Softmax", axis=0),
            r"'y' of network\.onnx is [\d.]+ on TVM where onnx gives",
        ),
        (
            onnx_of("Flatten", axis=1),
            onnx_of("Flatten", (1, 12), axis=0),
            r"'y' of network\.onnx has the shape \(1, 12\) on TVM and \(2, 6\) on onnx;",
        ),
        (
            tflite_of("RELU", FLOATS),
            tflite_of("ABS", FLOATS),
            r"is [\d.]+ on TVM where full-tflite gives 0, for an input of noise;",
        ),
        (
            tflite_of("RELU", STEPS),
            tflite_of("ABS", STEPS),
            r"is -?\d+ on TVM where full-tflite gives -3, for an input of noise;",
        ),
    ],
)
def test_a_wrong_answer_is_refused_and_not_kept(cache, miscompile, network, other, said):
    needs_engine_of(network)
    miscompile(other)

    for _ in range(2):
        with pytest.raises(UnsupportedModelError, match=f"{said}.*run it with .*self_check=False"):
            TvmBackend().open(network, {})

    assert entries(cache) == []


def test_the_check_can_be_left_out_and_what_was_not_compared_is_kept_apart(cache, miscompile):
    miscompile(onnx_of("Abs"))
    ones = np.ones((2, 6), np.float32)

    for _ in range(2):
        with TvmBackend().open(onnx_of("Relu"), {"self_check": False}) as session:
            assert session.run([-ones])[0].max() == 1
    assert len(entries(cache)) == 1

    needs_engine_of(onnx_of("Relu"))
    with pytest.raises(UnsupportedModelError, match="self_check=False"):
        TvmBackend().open(onnx_of("Relu"), {})


def test_what_is_kept_is_not_compared_again(cache, monkeypatch):
    TvmBackend().open(onnx_of("Relu"), {}).close()
    monkeypatch.setattr("ei_runner_tvm.self_check.check_answers", pytest.fail)

    TvmBackend().open(onnx_of("Relu"), {}).close()

    assert len(entries(cache)) == 1


def test_without_the_other_engine_nothing_is_compared(miscompile, records, monkeypatch):
    miscompile(onnx_of("Abs"))
    try:
        hide_backends(monkeypatch)
        TvmBackend().open(onnx_of("Relu"), {}).close()
    finally:
        monkeypatch.undo()
        plugins.refresh()

    assert "network.onnx is not checked: onnx is not installed" in records.messages


@pytest.mark.parametrize(
    "case",
    [case for case in golden_cases([".onnx", ".tflite"]) if case.name.startswith("dense")],
    ids=lambda case: case.network.name,
)
def test_sound_networks_pass_without_a_word(cache, case, records):
    needs_engine_of(case.network)
    with TvmBackend().open(case.network, {}) as session:
        case.check(session.run(case.inputs))

    assert [record.levelname for record in records.records] == ["INFO"]  # that it is compiled


def test_what_the_other_engine_does_not_take_is_not_compared(records):
    pytest.importorskip(ENGINES[".onnx"])
    session = Answers(onnx_of("Relu"), lambda array: array + 1)

    check_answers(Network("network.onnx", ".onnx", content=b"no network"), session)

    assert "network.onnx is not checked: onnx says " in records.messages[-1]


def test_random_answers_are_not_compared(records):
    pytest.importorskip(ENGINES[".onnx"])
    session = Answers(onnx_of("Relu"), lambda array: array + 1)

    check_answers(onnx_of("RandomNormalLike"), session)

    assert records.messages[-1] == "network.onnx is not checked, as its answers are random"


def test_what_fails_only_on_tvm_is_refused():
    pytest.importorskip(ENGINES[".onnx"])

    def fail(array):
        raise InferenceError("TVM failed: why")

    with pytest.raises(
        UnsupportedModelError, match=r"TVM fails to run network\.onnx, .*: why; run"
    ):
        check_answers(onnx_of("Relu"), Answers(onnx_of("Relu"), fail))


@pytest.mark.parametrize(
    ("network", "change", "level"),
    [
        (onnx_of("Relu"), lambda array: array * 1.0005, None),
        (onnx_of("Relu"), lambda array: array * 1.005, "WARNING"),
        (tflite_of("RELU", STEPS), lambda array: array - 8, None),
        (tflite_of("RELU", STEPS), lambda array: array - 20, "WARNING"),
        (PLACES, lambda array: array + 1, "WARNING"),
    ],
)
def test_what_lies_in_between_is_told(records, network, change, level):
    needs_engine_of(network)
    session = Answers(network, change)
    records.clear()

    check_answers(network, session)

    assert [record.levelname for record in records.records] == ([level] if level else [])


def test_places_count_by_how_many_are_others():
    own, expected = np.array([[3, 1, 7, 7]]), np.array([[3, 9, 7, 7]])

    assert find_difference([(own, expected), (expected, expected)]) == (1 / 8, 1, 9)
    assert find_difference([(expected, expected)]).share == 0


@pytest.mark.parametrize(
    ("network", "dtype", "refused"),
    [
        (onnx_of("Relu"), "float32", 0.01),
        (onnx_of("Relu"), "int64", 0.5),
        (onnx_of("Relu"), "bool", 0.5),
        (onnx_of("Relu"), "uint8", 0.1),
        (onnx_of("DequantizeLinear"), "float32", 0.1),
        (onnx_of("QLinearConv"), "float32", 0.1),
        (tflite_of("RELU", FLOATS), "float32", 0.01),
        (tflite_of("DEQUANTIZE", STEPS, FLOATS), "float32", 0.1),
        (tflite_of("RELU", STEPS), "int32", np.inf),
    ],
)
def test_quantised_networks_may_differ_by_more(network, dtype, refused):
    assert limits_for(network, dtype).refused == refused


def test_the_option_is_true_or_false_and_for_compiling(compiled_path):
    with pytest.raises(
        InvalidInputError, match="'self_check' of tvm is .*, expected true or false"
    ):
        TvmBackend().open(onnx_of("Relu"), {"self_check": 1})
    with pytest.raises(InvalidInputError, match="'self_check' of tvm tells how to compile"):
        TvmBackend().open(Network("dense.tvm", ".tvm", path=compiled_path), {"self_check": True})
