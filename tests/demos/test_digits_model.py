"""The demo through the whole library, on each engine: image, signal processing, engine, result."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from ei_runner_core import EdgeImpulseModel
from ei_runner_core.demos import Demo

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Opener = Callable[[str, str], EdgeImpulseModel]


@pytest.fixture(params=["float32", "int8"])
def variant(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=["full-tflite", "onnx"])
def model(request: pytest.FixtureRequest, open_model: Opener, variant: str) -> EdgeImpulseModel:
    return open_model(variant, request.param)


def scores(model: EdgeImpulseModel, images: Bytes) -> Floats:
    """The scores for all images, shape (n, 10)."""
    windows = (images.astype(np.uint32) * 0x010101).astype(np.float32).reshape(len(images), 64)
    results = model.infer_batch(windows)
    return np.array([list((result.classification or {}).values()) for result in results])


def test_every_sample_gets_its_label(model: EdgeImpulseModel, digits: Demo) -> None:
    pytest.importorskip("PIL")
    for sample in digits.samples():
        ((label, score),) = model.infer_image(sample.path).top()
        assert (label, score > 0.5) == (sample.label, True), sample.path.name


def test_the_scores_are_those_of_the_engine_called_by_hand(
    engine, open_model: Opener, variant: str, images: Bytes, scores_by_hand: Callable[[str], Floats]
) -> None:
    model = open_model(variant, engine.backend)
    np.testing.assert_array_equal(scores(model, images), scores_by_hand(variant))


def test_the_float_scores_are_the_same_on_all_engines(open_model: Opener, images: Bytes) -> None:
    one, other = (scores(open_model("float32", name), images) for name in ("full-tflite", "onnx"))
    np.testing.assert_allclose(one, other, rtol=0, atol=1e-5)


def test_the_int8_engines_agree_within_a_step_or_so(open_model: Opener, images: Bytes) -> None:
    one, other = (scores(open_model("int8", name), images) for name in ("full-tflite", "onnx"))
    steps = np.abs(one - other) * 256
    np.testing.assert_array_equal(one.argmax(axis=1), other.argmax(axis=1))
    assert np.mean(steps <= 1) >= 0.99
    assert steps.max() <= 3


def test_a_gray_array_is_the_same_image_as_its_file(
    model: EdgeImpulseModel, digits: Demo, images: Bytes
) -> None:
    pytest.importorskip("PIL")
    for sample in digits.samples()[::4]:
        image = images[int(sample.path.stem.partition("_")[2])]
        from_file, from_array = model.infer_image(sample.path), model.infer_image(image)
        assert from_file.classification == from_array.classification


def test_the_model_says_what_the_model_card_promises(model: EdgeImpulseModel) -> None:
    parameters = model.parameters
    assert model.labels == tuple("0123456789")
    assert model.input_size == 64
    assert (parameters.image_input_width, parameters.image_input_height) == (8, 8)
    assert parameters.image_channel_count == 1
    assert parameters.model_type == "classification"
    assert parameters.project.name == "digits demo"
