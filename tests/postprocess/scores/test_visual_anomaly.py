from __future__ import annotations

import math

import numpy as np
import pytest

from ei_runner_core import InvalidInputError, ModelFormatError, postprocess
from ei_runner_core.results import BoundingBox, VisualAnomaly

CONFIG = {"grid_size_x": 4, "grid_size_y": 2, "threshold": 3.0, "input_block_id": 6}


def grid(width=40, height=30, **fields):
    return postprocess.create("visual_ad", CONFIG | fields, width=width, height=height)


def visual(step, scores):
    return step({6: np.float32(scores)})["visual_anomaly"]


def test_hot_cells_are_where_they_are_also_in_an_image_that_is_not_square():
    scores = [[[0, 0, 3, 0], [0, 0, 0, 5]]]
    assert visual(grid(), scores) == VisualAnomaly(
        (
            BoundingBox("anomaly", 3.0, 20, 0, 10, 15),
            BoundingBox("anomaly", 5.0, 30, 15, 10, 15),
        ),
        max=5.0,
        mean=1.0,
    )


def test_the_largest_score_is_not_negative():
    found = visual(grid(), [-1.0] * 8)
    assert (found.max, found.mean, found.grid) == (0.0, -1.0, ())


def test_integers_are_dequantised():
    step = grid(scale=0.5, zero_point=-8)
    found = step({6: np.full((1, 2, 4), -4, np.int8)})["visual_anomaly"]
    assert (found.max, found.mean, found.grid) == (2.0, 2.0, ())


def test_scores_that_are_no_numbers_are_not_hot():
    found = visual(grid(), [math.nan, *[1.0] * 7])
    assert (found.max, found.grid) == (1.0, ())
    assert math.isnan(found.mean)


@pytest.mark.parametrize("huge", [math.inf, 3e38])
def test_huge_scores_are_hot_and_nothing_more(huge):
    found = visual(grid(), [huge] * 8)
    assert len(found.grid) == 8
    assert found.mean == math.inf


def test_the_threshold_can_be_changed_and_read_back():
    step = grid()
    assert step.threshold_type == "anomaly_gmm"
    assert step.thresholds() == {"min_anomaly_score": 3.0}
    step.set_threshold(min_anomaly_score=0.5)
    assert step.thresholds() == {"min_anomaly_score": 0.5}
    assert len(visual(step, [0.5] * 8).grid) == 8


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"min_score": 0.5}, "no value 'min_score' to change; it has: min_anomaly_score"),
        ({"min_anomaly_score": math.inf}, "'min_anomaly_score' .* is inf, expected a finite"),
    ],
)
def test_a_wrong_value_is_refused_and_the_threshold_stays(values, message):
    step = grid()
    with pytest.raises(InvalidInputError, match=message):
        step.set_threshold(**values)
    assert step.thresholds() == {"min_anomaly_score": 3.0}


def test_a_grid_that_does_not_fit_the_tensor_is_one_clear_error():
    with pytest.raises(ModelFormatError, match="block 6 has 7 values, but the grid has 8 cells"):
        visual(grid(), [0.0] * 7)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"grid_size_x": 0}, "grid of 0x2 cells on an image of 40x30 pixels, expected at least 1"),
        ({"width": 0}, "grid of 4x2 cells on an image of 0x30 pixels"),
        ({"grid_size_y": 10**9}, "'grid_size_y' .* a number from 0 to 4096"),
        ({"threshold": "3"}, "'threshold' of the visual_ad step is '3'"),
    ],
)
def test_an_impossible_grid_is_one_clear_error(fields, message):
    with pytest.raises(InvalidInputError, match=message):
        grid(**fields)
