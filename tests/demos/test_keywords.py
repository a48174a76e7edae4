"""The keyword spotter through the whole library, on each engine."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from ei_runner_core import EdgeImpulseModel
from ei_runner_core.demos import Demo, demo
from ei_runner_core.files import FeatureWindow, read_window

Opener = Callable[[str, str, str], EdgeImpulseModel]
LABELS = ("hello", "right", "stop", "yes", "noise", "unknown")
PER_LABEL = 5


@pytest.fixture(scope="module")
def keywords() -> Demo:
    return demo("keywords")


@pytest.fixture(scope="module")
def held_out(keywords: Demo) -> dict[str, npt.NDArray[np.int16]]:
    with np.load(keywords.held_out, allow_pickle=False) as arrays:
        return dict(arrays)


@pytest.fixture(params=["float32", "int8"])
def variant(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=["full-tflite", "onnx"])
def model(request: pytest.FixtureRequest, open_demo: Opener, variant: str) -> EdgeImpulseModel:
    return open_demo("keywords", variant, request.param)


def test_the_held_out_windows_hold_each_label_equally_often(held_out) -> None:
    assert held_out["windows"].dtype == np.int16
    assert held_out["windows"].shape == (PER_LABEL * len(LABELS), 16_000)
    assert np.bincount(held_out["labels"]).tolist() == [PER_LABEL] * len(LABELS)


def test_the_model_says_what_the_model_card_promises(model: EdgeImpulseModel) -> None:
    assert model.labels == LABELS
    assert (model.input_size, model.parameters.frequency) == (16_000, 16_000)
    assert model.sensor_type.name == "MICROPHONE"


def test_nearly_all_held_out_windows_get_their_label(model: EdgeImpulseModel, held_out) -> None:
    results = model.infer_batch(held_out["windows"].astype(np.float32))
    answers = [LABELS.index(result.top(1)[0][0]) for result in results]
    assert np.mean(answers == held_out["labels"]) >= 0.9


def test_no_keyword_is_taken_for_another(model: EdgeImpulseModel, held_out) -> None:
    results = model.infer_batch(held_out["windows"].astype(np.float32))
    for result, code in zip(results, held_out["labels"], strict=True):
        label = result.top(1)[0][0]
        assert label in (LABELS[code], "unknown", "noise") or code >= 4


def test_the_samples_to_show_are_all_right(model: EdgeImpulseModel, keywords: Demo) -> None:
    for sample in keywords.samples():
        window = read_window(sample.path, model.parameters)
        assert isinstance(window, FeatureWindow)
        assert sample.is_right(model.infer(window.values)), sample.path.name


def test_the_engines_agree(open_demo: Opener, variant: str, held_out) -> None:
    windows = held_out["windows"].astype(np.float32)
    one, other = (
        [list(result.classification.values()) for result in model.infer_batch(windows)]
        for model in (open_demo("keywords", variant, name) for name in ("full-tflite", "onnx"))
    )
    steps = np.abs(np.subtract(one, other)) * 256
    assert steps.max() <= (0.01 if variant == "float32" else 8)
    assert np.mean(steps <= 1) >= 0.95
