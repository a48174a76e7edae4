"""The networks of the demo in their engines, without anything of the library."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from ei_runner_core.demos import Demo

Scores = Callable[[str], npt.NDArray[np.float32]]
VARIANTS = pytest.mark.parametrize("variant", ["float32", "int8"])


@pytest.fixture
def open_interpreter(digits: Demo) -> Callable[[str], Any]:
    """Opens the ``.tflite`` of a variant in LiteRT."""
    litert = pytest.importorskip("ai_edge_litert.interpreter")
    return lambda variant: litert.Interpreter(str(digits.model(variant) / "network.tflite"))


@VARIANTS
def test_a_tflite_takes_one_image_and_gives_ten_scores(
    open_interpreter: Callable[[str], Any], variant: str
) -> None:
    interpreter = open_interpreter(variant)
    (source,), (target,) = interpreter.get_input_details(), interpreter.get_output_details()
    assert (tuple(source["shape"]), tuple(target["shape"])) == ((1, 8, 8, 1), (1, 10))
    assert tuple(source["shape_signature"]) == (1, 8, 8, 1)
    assert source["dtype"] == target["dtype"] == np.dtype(variant)


@VARIANTS
def test_an_onnx_takes_the_same_image_and_gives_the_same_scores(digits: Demo, variant: str) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    session = onnxruntime.InferenceSession(
        digits.model(variant) / "network.onnx", providers=["CPUExecutionProvider"]
    )
    (source,), (target,) = session.get_inputs(), session.get_outputs()
    kind = f"tensor({variant.removesuffix('32')})"
    assert (source.name, source.shape, source.type) == ("image", [1, 8, 8, 1], kind)
    assert (target.name, target.shape, target.type) == ("probabilities", [1, 10], kind)


def test_an_int8_pixel_has_room_above_white(open_interpreter: Callable[[str], Any]) -> None:
    (source,) = open_interpreter("int8").get_input_details()
    scale, zero_point = source["quantization"]
    assert (scale, zero_point) == (pytest.approx(1.05 / 255), -128)


def test_an_int8_score_is_a_step_of_one_256th(open_interpreter: Callable[[str], Any]) -> None:
    (target,) = open_interpreter("int8").get_output_details()
    assert target["quantization"] == (1 / 256, -128)


@VARIANTS
def test_more_than_97_percent_of_the_held_out_images_are_right(
    scores_by_hand: Scores, labels: npt.NDArray[np.uint8], variant: str
) -> None:
    assert np.mean(scores_by_hand(variant).argmax(axis=1) == labels) > 0.97


@VARIANTS
def test_the_samples_to_show_are_all_right(
    scores_by_hand: Scores, digits: Demo, variant: str
) -> None:
    answers = scores_by_hand(variant).argmax(axis=1)
    for sample in digits.samples():
        assert str(answers[int(sample.path.stem.partition("_")[2])]) == sample.label
