"""The motion classifier through the whole library, on each engine."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from ei_runner_core import EdgeImpulseModel, InferenceResult
from ei_runner_core.demos import ANOMALY_THRESHOLD, Demo, demo
from ei_runner_core.files import FeatureWindow, read_window

Opener = Callable[[str, str, str], EdgeImpulseModel]
LABELS = ("badminton", "running", "standing", "walking")
AXES = ("accX", "accY", "accZ", "gyrX", "gyrY", "gyrZ")


@pytest.fixture(scope="module")
def motion() -> Demo:
    return demo("motion")


@pytest.fixture(scope="module")
def held_out(motion: Demo) -> dict[str, npt.NDArray[np.float32]]:
    with np.load(motion.held_out, allow_pickle=False) as arrays:
        return dict(arrays)


@pytest.fixture(params=["float32", "int8"])
def variant(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=["full-tflite", "onnx"])
def model(request: pytest.FixtureRequest, open_demo: Opener, variant: str) -> EdgeImpulseModel:
    return open_demo("motion", variant, request.param)


def answers(model: EdgeImpulseModel, windows: npt.NDArray[np.float32]) -> list[InferenceResult]:
    return model.infer_batch(windows.reshape(len(windows), -1))


def anomalies(results: list[InferenceResult]) -> npt.NDArray[np.float64]:
    return np.array([result.anomaly for result in results], np.float64)


def test_the_held_out_windows_hold_each_motion_equally_often(held_out) -> None:
    assert held_out["windows"].shape == (80, 50, 6)
    assert held_out["odd"].shape == (12, 50, 6)
    assert np.bincount(held_out["labels"]).tolist() == [20] * 4


def test_the_model_says_what_the_model_card_promises(model: EdgeImpulseModel) -> None:
    assert model.labels == LABELS
    assert model.parameters.axis_count == len(AXES)
    assert (model.input_size, model.parameters.frequency) == (300, 10)


def test_nearly_all_held_out_windows_get_their_label(model: EdgeImpulseModel, held_out) -> None:
    named = [LABELS.index(r.top(1)[0][0]) for r in answers(model, held_out["windows"])]
    assert np.mean(named == held_out["labels"]) >= 0.95


def test_an_odd_motion_scores_far_above_every_known_one(model: EdgeImpulseModel, held_out) -> None:
    known = anomalies(answers(model, held_out["windows"]))
    odd = anomalies(answers(model, held_out["odd"]))
    assert known.max() < ANOMALY_THRESHOLD < odd.min()
    assert odd.min() - known.max() > 3


def test_most_known_motions_lie_inside_a_cluster(model: EdgeImpulseModel, held_out) -> None:
    assert np.mean(anomalies(answers(model, held_out["windows"])) <= 0) > 0.9


def test_the_anomaly_does_not_depend_on_network_or_engine(open_demo: Opener, held_out) -> None:
    one = open_demo("motion", "float32", "full-tflite")
    other = open_demo("motion", "int8", "onnx")
    windows = held_out["windows"]
    np.testing.assert_array_equal(*(anomalies(answers(model, windows)) for model in (one, other)))


def test_the_samples_to_show_are_all_right(model: EdgeImpulseModel, motion: Demo) -> None:
    for sample in motion.samples():
        window = read_window(sample.path, model.parameters)
        assert isinstance(window, FeatureWindow)
        assert sample.is_right(model.infer(window.values)), sample.path.name


def test_the_model_card_names_the_source_of_the_data(motion: Demo) -> None:
    card = motion.model_card.read_text(encoding="utf-8")
    for words in ("BasicMotions", "Bagnall", "aeon", "BSD-3-Clause", "The aeon developers"):
        assert words in card
