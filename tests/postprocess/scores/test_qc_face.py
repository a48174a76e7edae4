from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from result_sequences import box_row

from ei_runner_core import InvalidInputError, ModelFormatError, postprocess

WIDTH, HEIGHT = 160, 96
ROWS, COLUMNS = 12, 20
CONFIG = {
    "threshold": 0.5,
    "input_block_id": 5,
    "nms_config": {"confidence_threshold": 0.0, "iou_threshold": 0.3},
}


def faces(width=WIDTH, height=HEIGHT, **fields):
    return postprocess.create(
        "qc_face_det_lite", CONFIG | fields, width=width, height=height, labels=["face"]
    )


def tensors(*peaks, dtype=np.float32):
    """Faces as (column, row, heat, left, top, right, bottom), the last four in cells."""
    heat, sides = np.full((1, ROWS, COLUMNS, 1), -9, dtype), np.zeros((1, ROWS, COLUMNS, 4), dtype)
    for column, row, hot, *distances in peaks:
        heat[0, row, column] = hot
        sides[0, row, column] = distances
    return {5: heat, 6: sides, 7: np.zeros((1, ROWS, COLUMNS, 10), dtype)}


def found(step, *peaks):
    boxes = step(tensors(*peaks))["bounding_boxes"]
    return [(box.x, box.y, box.width, box.height) for box in boxes]


def test_a_face_grows_by_a_tenth_and_its_last_pixel_is_not_counted():
    (box,) = faces()(tensors((8, 5, 2.0, 2, 2, 3, 3)))["bounding_boxes"]
    row = {"label": "face", "x": 46, "y": 22, "width": 43, "height": 43}
    assert box_row(box) == row | {"value": pytest.approx(1 / (1 + math.exp(-2)), rel=1e-6)}


def test_a_face_at_the_border_does_not_grow():
    assert found(faces(), (2, 5, 2.0, 2, 2, 3, 3)) == [(0, 24, 40, 40)]


def test_of_faces_that_overlap_the_best_stays():
    near = [(8, 5, 1.0, 2, 2, 3, 3), (10, 5, 2.0, 2, 2, 3, 3)]
    assert found(faces(), *near) == found(faces(), near[1])
    far = (16, 5, 1.0, 2, 2, 3, 3)
    assert found(faces(), near[1], far) == found(faces(), near[1]) + found(faces(), far)


def test_only_peaks_are_faces_and_equal_neighbours_are_both_peaks():
    loose = {"nms_config": {"iou_threshold": 0.95}}
    pair = [(8, 5, 2.0, 2, 2, 2, 2), (9, 5, 2.0, 2, 2, 2, 2)]
    assert len(found(faces(**loose), *pair)) == 2
    assert len(found(faces(**loose), pair[0], (9, 5, 1.9, 2, 2, 2, 2))) == 1


def test_a_face_to_the_right_of_the_image_is_left_out_one_to_the_left_has_no_width():
    assert found(faces(), (15, 5, 2.0, -30, 2, 40, 2)) == []
    assert found(faces(), (3, 5, 2.0, 30, 2, -20, 2)) == [(0, 24, 0, 32)]


def test_sides_that_are_exchanged_make_the_same_face():
    straight, exchanged = (8, 5, 2.0, 2, 2, 3, 3), (8, 5, 2.0, -3, -3, -2, -2)
    assert found(faces(), straight) == found(faces(), exchanged)


def test_of_equal_faces_the_order_is_that_of_a_partial_sort():
    loose = {"nms_config": {"iou_threshold": 1.0}}
    row = [(column, 5, 2.0, 0.5, 0.5, 0.5, 0.5) for column in (2, 6, 10, 14)]
    order = [found(faces(**loose), face)[0] for face in row]
    shown = found(faces(**loose), *row)
    assert sorted(shown) == order
    assert shown != order


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_faces_that_are_no_numbers_are_left_out(wrong):
    good = (16, 9, 2.0, 1, 1, 1, 1)
    assert found(faces(), (8, 5, 2.0, wrong, 2, 3, 3), good) == found(faces(), good)
    if not wrong > 0:
        assert found(faces(), (8, 5, wrong, 2, 2, 3, 3), good) == found(faces(), good)


def test_integers_are_dequantised_with_the_scale_of_their_tensor():
    quantised = faces(
        output_tensors=[
            {"block_id": 5, "scale": 0.5, "zero_point": 0},
            {"block_id": 6, "scale": 0.25, "zero_point": -4},
        ],
    )
    raw = tensors((8, 5, 4, 4, 4, 8, 8), dtype=np.int8)
    raw[6][raw[6] == 0] = -4
    boxes = quantised(raw)["bounding_boxes"]
    assert [(box.x, box.y, box.width, box.height) for box in boxes] == found(
        faces(), (8, 5, 2.0, 2, 2, 3, 3)
    )


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_faces_lie_in_the_image_and_reach_the_threshold(seed, least):
    rng = np.random.default_rng(seed)
    heat = rng.normal(0, 3, (1, ROWS, COLUMNS, 1)).astype(np.float32)
    sides = rng.uniform(-1, 5, (1, ROWS, COLUMNS, 4)).astype(np.float32)
    boxes = faces(threshold=least)({5: heat, 6: sides})["bounding_boxes"]
    values = [box.value for box in boxes]
    assert values == sorted(values, reverse=True)
    assert all(value >= np.float32(least) for value in values)
    for box in boxes:
        assert 0 <= box.x <= box.x + box.width < WIDTH
        assert 0 <= box.y <= box.y + box.height < HEIGHT


def test_the_least_score_can_be_changed_and_read_back():
    step = faces()
    assert step.threshold_type == "object_detection"
    step.set_threshold(min_score=0.9)
    assert step.thresholds() == {"min_score": 0.9}
    assert found(step, (8, 5, 2.0, 2, 2, 3, 3)) == []
    step.set_threshold(min_score=0)
    assert len(found(step, (8, 5, -8.0, 2, 2, 3, 3))) >= 1


@pytest.mark.parametrize("size", [(100, 96), (96, 100), (0, 0)])
def test_an_image_whose_sides_do_not_fit_the_cells_is_refused(size):
    with pytest.raises(InvalidInputError, match=f"{size[0]}x{size[1]}"):
        faces(*size)


@pytest.mark.parametrize("block", [5, 6])
def test_a_tensor_of_another_size_is_one_clear_error(block):
    given_tensors = tensors((8, 5, 2.0, 2, 2, 3, 3))
    given_tensors[block] = given_tensors[block][:, :5]
    with pytest.raises(ModelFormatError, match=f"block {block} .* 240 cells of . value"):
        faces()(given_tensors)
