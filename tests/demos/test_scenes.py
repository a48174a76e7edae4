"""The finder of shapes through the whole library, on each engine."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from ei_runner_core import BoundingBox, EdgeImpulseModel
from ei_runner_core.demos import Demo, DemoObject, compare_objects, demo

Opener = Callable[[str, str, str], EdgeImpulseModel]
LABELS = ("circle", "square", "triangle")


@pytest.fixture(scope="module")
def scenes() -> Demo:
    return demo("scenes")


@pytest.fixture(scope="module")
def images(scenes: Demo) -> npt.NDArray[np.uint8]:
    with np.load(scenes.held_out, allow_pickle=False) as arrays:
        return np.asarray(arrays["images"])


@pytest.fixture(scope="module")
def truth(scenes: Demo) -> list[list[DemoObject]]:
    """The objects of each image."""
    with np.load(scenes.held_out, allow_pickle=False) as arrays:
        rows, count = arrays["objects"].tolist(), len(arrays["images"])
    found: list[list[DemoObject]] = [[] for _ in range(count)]
    for image, label, *box in rows:
        found[image].append(DemoObject(LABELS[label], *box))
    return found


@pytest.fixture(params=["float32", "int8"])
def variant(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=["full-tflite", "onnx"])
def model(request: pytest.FixtureRequest, open_demo: Opener, variant: str) -> EdgeImpulseModel:
    pytest.importorskip("PIL")
    return open_demo("scenes", variant, request.param)


def test_every_held_out_object_lies_in_its_image(images, truth: list[list[DemoObject]]) -> None:
    assert images.shape[1:] == (96, 96, 3)
    assert images.dtype == np.uint8
    assert all(truth)
    for thing in (thing for things in truth for thing in things):
        assert 0 <= thing.x < thing.x + thing.width <= 96
        assert 0 <= thing.y < thing.y + thing.height <= 96


def test_the_model_says_what_the_model_card_promises(model: EdgeImpulseModel) -> None:
    parameters = model.parameters
    assert model.labels == LABELS
    assert (parameters.image_input_width, parameters.image_input_height) == (96, 96)
    assert parameters.image_channel_count == 3
    assert parameters.model_type == "constrained_object_detection"
    (threshold,) = model.thresholds
    assert threshold.values == {"min_score": 0.5}


def test_precision_and_recall_on_held_out_scenes(model: EdgeImpulseModel, images, truth) -> None:
    found = [model.infer_image(image).bounding_boxes or () for image in images]
    comparisons = [compare_objects(*pair) for pair in zip(truth, found, strict=True)]
    hits = sum(len(one.hits) for one in comparisons)
    assert hits / (hits + sum(len(one.missed) for one in comparisons)) >= 0.93
    assert hits / (hits + sum(len(one.extra) for one in comparisons)) >= 0.93


def test_a_box_is_made_of_whole_cells(model: EdgeImpulseModel, images) -> None:
    for box in model.infer_image(images[0]).bounding_boxes or ():
        assert all(v % 8 == 0 for v in (box.x, box.y, box.width, box.height))


def test_a_higher_threshold_finds_no_more(model: EdgeImpulseModel, images) -> None:
    block = model.thresholds[0].id
    before = model.infer_image(images[0]).bounding_boxes or ()
    model.set_threshold(block, min_score=0.9999)
    try:
        assert len(model.infer_image(images[0]).bounding_boxes or ()) <= len(before)
    finally:
        model.set_threshold(block, min_score=0.5)


def test_most_samples_to_show_are_right(model: EdgeImpulseModel, scenes: Demo) -> None:
    right = [sample.is_right(model.infer_image(sample.path)) for sample in scenes.samples()]
    assert np.mean(right) >= 0.75


def test_objects_are_compared_by_label_and_place() -> None:
    circle, square = DemoObject("circle", 10, 10, 20, 20), DemoObject("square", 60, 60, 16, 16)
    near = BoundingBox("circle", 0.9, 16, 16, 8, 8)
    beside = BoundingBox("circle", 0.8, 24, 16, 8, 8)
    wrong = BoundingBox("triangle", 0.7, 64, 64, 8, 8)
    compared = compare_objects([circle, square], [beside, near, wrong])
    assert compared.hits == ((circle, near),)
    assert compared.missed == (square,)
    assert compared.extra == (beside, wrong)
    assert not compared.is_perfect
    assert compare_objects([circle], [near]).is_perfect
    assert not compare_objects([circle], [beside], reach=7).is_perfect
