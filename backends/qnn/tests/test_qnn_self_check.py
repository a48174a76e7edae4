"""A network that was just compiled answers as on the CPU, or it is refused."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from ei_runner_core import InvalidInputError, UnsupportedModelError

pytest.importorskip("onnxruntime_qnn")

SHAPE = [1, 2, 4, 4]
Maker = Callable[..., bytes]


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache with nothing in it."""
    monkeypatch.setenv("EI_RUNNER_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "qnn"


def network(operator: str, *, shape: list[int] = SHAPE, kind: int = 1, **attributes: Any) -> bytes:
    """A network of one operator from ``x`` to ``y``."""
    value = onnx.helper.make_tensor_value_info
    size = onnx.numpy_helper.from_array(np.array([1, 1, 1.5, 1.5], np.float32), "size")
    sources = ["x", "", "size"] if operator == "Resize" else ["x"]
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node(operator, sources, ["y"], **attributes)],
        "one",
        [value("x", kind, shape)],
        [value("y", kind, [None] * len(shape))],
        [size] if operator == "Resize" else [],
    )
    opset = [onnx.helper.make_opsetid("", 19)]
    model = onnx.helper.make_model(graph, opset_imports=opset, ir_version=9)
    return bytes(model.SerializeToString())


PADDED = network("MaxPool", kernel_shape=[3, 3], pads=[1, 1, 1, 1])


@pytest.mark.parametrize("context_cache", [True, False])
@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (PADDED, "MaxPool with padding"),
        (
            network("AveragePool", kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1),
            "AveragePool with ceil_mode",
        ),
        (network("Resize", mode="nearest"), "Resize in the mode nearest"),
    ],
)
def test_a_wrong_answer_is_refused_with_what_is_known_of_it(
    open_network, own_cache, content, fault, context_cache
):
    for _ in range(2):
        with pytest.raises(UnsupportedModelError, match=f"'y' of .* on QNN .*{fault}.*self_check"):
            open_network(content, context_cache=context_cache)

    assert not [path for path in own_cache.glob("*") if path.is_dir()]


def test_the_check_can_be_left_out_and_nothing_kept_passes_for_checked(open_network):
    session = open_network(PADDED, self_check=False)

    assert session.run([np.full(SHAPE, -1, np.float32)])[0].max() <= 0
    with pytest.raises(UnsupportedModelError, match="self_check"):
        open_network(PADDED)


def test_a_network_is_checked_once(open_network, demo, monkeypatch):
    calls = []
    monkeypatch.setattr(
        "ei_runner_qnn.self_check.check_answers", lambda *given: calls.append(given)
    )
    for _ in range(2):
        open_network(demo("motion"))

    assert len(calls) == 1


@pytest.mark.parametrize("name", ["digits", "motion", "keywords", "scenes"])
def test_ordinary_networks_pass_without_a_word(open_network, demo, caplog, name):
    with caplog.at_level(logging.WARNING, "ei_runner_qnn"):
        open_network(demo(name))

    assert not caplog.records


def test_quantised_networks_pass_without_a_word(open_network, quantised, caplog):
    with caplog.at_level(logging.WARNING, "ei_runner_qnn"):
        open_network(quantised)

    assert not caplog.records


def test_what_lies_in_between_is_told(open_network, monkeypatch, caplog):
    monkeypatch.setattr("ei_runner_qnn.self_check._REFUSED", 100)
    with caplog.at_level(logging.WARNING, "ei_runner_qnn"):
        open_network(PADDED)

    assert "on QNN where the CPU gives" in caplog.text
    assert "% of the largest value" in caplog.text


def test_a_single_number_is_checked_too(open_network):
    open_network(network("Relu", shape=[]))


@pytest.mark.parametrize("kind", [onnx.TensorProto.INT32, onnx.TensorProto.UINT8])
def test_whole_numbers_are_checked_too(open_network, kind, caplog):
    open_network(network("Identity", kind=kind), allow_cpu=True)

    assert not caplog.records


def test_answers_that_are_random_are_not_compared(open_network):
    open_network(network("RandomNormalLike"), allow_cpu=True)


def test_the_option_is_for_one_format(open_network, demo):
    with pytest.raises(InvalidInputError, match=r"'self_check' of qnn is for \.onnx networks"):
        open_network(demo("motion", suffix=".tflite"), self_check=False)
