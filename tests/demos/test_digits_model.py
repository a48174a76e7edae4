"""The demo through the whole library: image, signal processing, engine, result."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import pytest

from ei_runner_core import EdgeImpulseModel
from ei_runner_core.demos import Demo
from ei_runner_core.plugins import registry

BACKEND = "full-tflite"
Scores = Callable[[str], npt.NDArray[np.float32]]


@pytest.fixture(scope="module", params=["float32", "int8"])
def variant(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def model(digits: Demo, variant: str) -> Iterator[EdgeImpulseModel]:
    if BACKEND not in registry().backends:
        pytest.skip("needs the backend full-tflite: pip install 'ei-runner[full-tflite]'")
    with EdgeImpulseModel(digits.model(variant), backend=BACKEND) as opened:
        yield opened


def test_every_sample_gets_its_label(model: EdgeImpulseModel, digits: Demo) -> None:
    pytest.importorskip("PIL")
    for sample in digits.samples():
        ((label, score),) = model.infer_image(sample.path).top()
        assert (label, score > 0.5) == (sample.label, True), sample.path.name


def test_the_scores_are_those_of_the_interpreter_called_by_hand(
    model: EdgeImpulseModel,
    variant: str,
    images: npt.NDArray[np.uint8],
    scores_by_hand: Scores,
) -> None:
    windows = (images.astype(np.uint32) * 0x010101).astype(np.float32).reshape(len(images), 64)
    results = model.infer_batch(windows)
    scores = [list((result.classification or {}).values()) for result in results]
    np.testing.assert_array_equal(np.asarray(scores, np.float32), scores_by_hand(variant))


def test_a_gray_array_is_the_same_image_as_its_file(
    model: EdgeImpulseModel, digits: Demo, images: npt.NDArray[np.uint8]
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
