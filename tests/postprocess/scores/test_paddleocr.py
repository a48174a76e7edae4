from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ei_runner_core import InvalidInputError, ModelFormatError, postprocess

WIDTH, HEIGHT = 60, 40
CONFIG = {
    "min_score_pixel": 0.3,
    "min_score_box": 0.5,
    "unclip_ratio": 1.5,
    "input_block_id": 5,
}


def text(width=WIDTH, height=HEIGHT, labels=("text",), **fields):
    return postprocess.create(
        "paddleocr", CONFIG | fields, width=width, height=height, labels=labels
    )


def page(*areas):
    """A map with rectangles of text: (x, y, width, height, probability)."""
    pixels = np.zeros((1, HEIGHT, WIDTH, 1), np.float32)
    for x, y, width, height, probability in areas:
        pixels[0, y : y + height, x : x + width] = probability
    return pixels


def found(step, pixels):
    boxes = step({5: pixels})["bounding_boxes"]
    return [(box.x, box.y, box.width, box.height) for box in boxes]


def test_a_rectangle_grows_by_its_area_over_its_perimeter():
    # 20 * 8 / 56 * 1.5 = 4.3
    (box,) = text()({5: page((20, 15, 20, 8, 0.75))})["bounding_boxes"]
    assert (box.label, box.value) == ("text", 0.75)
    assert (box.x, box.y, box.width, box.height) == (16, 11, 28, 16)


@pytest.mark.parametrize("corner", [(0, 0), (WIDTH - 20, HEIGHT - 8)])
def test_a_rectangle_does_not_grow_out_of_the_image(corner):
    x, y = corner
    ((left, top, width, height),) = found(text(), page((x, y, 20, 8, 0.75)))
    assert (left, top) == (max(x - 4, 0), max(y - 4, 0))
    assert (left + width, top + height) == (min(x + 24, WIDTH), min(y + 12, HEIGHT))


def test_text_at_the_left_is_not_joined_with_the_right_end_of_the_row_above():
    areas = (0, 10, 6, 6, 0.75), (WIDTH - 6, 4, 6, 6, 0.875)
    assert len(found(text(), page(*areas))) == 2


def test_pixels_that_meet_at_corners_are_apart():
    areas = (10, 10, 6, 6, 0.75), (16, 16, 6, 6, 0.875)
    assert found(text(unclip_ratio=0), page(*areas)) == [(16, 16, 6, 6), (10, 10, 6, 6)]


def test_pixels_and_means_that_equal_their_limits_count():
    pixels = page((10, 10, 4, 4, 0.5))
    assert found(text(min_score_pixel=0.5), pixels) == found(text(), pixels) != []
    pixels[0, 10, 10] = 0.4
    assert found(text(), pixels) == []


def test_integers_are_dequantised():
    raw = (page((20, 15, 20, 8, 0.75)) * 256 - 128).astype(np.int8)
    step = text(scale=1 / 256, zero_point=-128)
    assert found(step, raw) == found(text(), page((20, 15, 20, 8, 0.75)))


def test_pixels_that_are_no_numbers_are_no_text():
    pixels = page((20, 15, 20, 8, 0.75))
    expected = found(text(), pixels)
    pixels[0, 0, :8] = math.nan
    assert found(text(), pixels) == expected


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.floats(0, 1), st.floats(0, 1e30))
def test_boxes_lie_in_the_image_and_the_best_come_first(seed, least, ratio):
    rng = np.random.default_rng(seed)
    pixels = rng.uniform(size=(1, HEIGHT, WIDTH, 1)).astype(np.float32)
    step = text(min_score_pixel=0.8, min_score_box=least, unclip_ratio=ratio)
    boxes = step({5: pixels})["bounding_boxes"]
    values = [box.value for box in boxes]
    assert values == sorted(values, reverse=True)
    for box in boxes:
        assert box.value >= np.float32(least)
        assert 0 <= box.x < box.x + box.width <= WIDTH
        assert 0 <= box.y < box.y + box.height <= HEIGHT


def test_the_limits_can_be_changed_together_and_read_back():
    step = text()
    assert step.threshold_type == "object_detection"
    step.set_threshold(min_score_pixel=0.8, unclip_ratio=0)
    limits = {"min_score_box": 0.5, "min_score_pixel": 0.8, "unclip_ratio": 0.0}
    assert step.thresholds() == limits
    assert found(step, page((20, 15, 20, 8, 0.75))) == []
    with pytest.raises(InvalidInputError, match="no value 'min_score' to change"):
        step.set_threshold(min_score_box=0.1, min_score=0.1)
    with pytest.raises(InvalidInputError, match="'unclip_ratio' .* is -1"):
        step.set_threshold(min_score_box=0.1, unclip_ratio=-1)
    assert step.thresholds() == limits


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"width": 0}, "needs a label and an image, got 1 labels and 0x40 pixels"),
        ({"labels": ()}, "got 0 labels"),
        ({"unclip_ratio": -0.5}, "'unclip_ratio' .* is -0.5, expected a finite number of at least"),
        ({"min_score": 0.5}, "no field 'min_score'"),
    ],
)
def test_an_impossible_text_detector_is_one_clear_error(fields, message):
    with pytest.raises(InvalidInputError, match=message):
        text(**fields)


def test_a_map_of_another_size_is_one_clear_error():
    with pytest.raises(ModelFormatError, match="block 5 has 2340 values, .* has 60x40 pixels"):
        found(text(), page()[:, 1:])
