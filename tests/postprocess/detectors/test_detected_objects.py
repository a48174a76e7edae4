"""What a detector finds in tensors that show one object, or blobs in a FOMO grid."""

from __future__ import annotations

import numpy as np
import pytest
from detector_cases import (
    BOX,
    DETECTORS,
    HEIGHT,
    LABEL,
    LABELS,
    SCORE,
    WIDTH,
    boxes_of,
    detector,
    one_object,
)
from hypothesis import given
from hypothesis import strategies as st

from ei_runner_core import postprocess


@pytest.mark.parametrize("kind", DETECTORS)
def test_one_object_is_found_where_it_is(kind):
    ((label, x, y, width, height, value),) = boxes_of(detector(kind), one_object(kind))
    assert label == LABELS[LABEL]
    assert value == pytest.approx(SCORE, rel=1e-6)
    # exponents and reciprocals round, and what falls below a whole pixel is cut
    np.testing.assert_allclose((x, y, width, height), BOX, atol=1)
    assert all(type(number) is int for number in (x, y, width, height))
    assert type(value) is float


@pytest.mark.parametrize("kind", DETECTORS)
def test_nothing_is_found_where_nothing_is(kind):
    empty = {key: np.zeros_like(tensor) for key, tensor in one_object(kind).items()}
    assert boxes_of(detector(kind), empty) == []


@pytest.mark.parametrize("kind", DETECTORS)
def test_the_number_of_dimensions_does_not_matter(kind):
    tensors = one_object(kind)
    flat = {key: tensor.ravel() for key, tensor in tensors.items()}
    assert boxes_of(detector(kind), flat) == boxes_of(detector(kind), tensors)


@pytest.mark.parametrize("kind", DETECTORS)
def test_double_precision_is_read_like_single(kind):
    tensors = one_object(kind)
    double = {k: t.astype("f8") if t.dtype == np.float32 else t for k, t in tensors.items()}
    assert boxes_of(detector(kind), double) == boxes_of(detector(kind), tensors)


@pytest.mark.parametrize(
    ("dtype", "zero_point"), [("i1", -128), ("u1", 0), ("i2", -5), ("u2", 7), ("i4", 3)]
)
@pytest.mark.parametrize("kind", ["fomo", "yolo_pro", "yolov11", "yolov5"])
def test_integers_of_every_size_are_read(kind, dtype, zero_point):
    version = {"yolov11": 1, "yolov5": 6}.get(kind, 0)
    tensors = one_object(kind)
    if version:
        planes = tensors[5] if kind == "yolov11" else tensors[5].transpose(0, 2, 1)
        planes[0, :4] /= np.array([[WIDTH], [HEIGHT], [WIDTH], [HEIGHT]])
    raw = {5: np.round(tensors[5] * 256 + zero_point).clip(*limits(dtype)).astype(dtype)}
    step = detector(kind, scale=1 / 256, zero_point=zero_point, version=version)
    ((label, *box, value),) = boxes_of(step, raw)
    assert (label, value) == (LABELS[LABEL], SCORE)
    np.testing.assert_allclose(box, BOX, atol=2)


def limits(dtype):
    info = np.iinfo(dtype)
    return info.min, info.max


def test_each_tensor_can_have_a_quantisation_of_its_own():
    tensors = one_object("qc_yolox")
    raw = {5: (tensors[5] + 3).astype("u1"), 6: (tensors[6] * 128).astype("u1"), 7: tensors[7]}
    outputs = [
        {"name": "boxes", "block_id": 5, "scale": 1.0, "zero_point": 3},
        {"name": "scores", "block_id": 6, "dtype": "uint8", "shape": [1, 20]},
    ]
    step = detector("qc_yolox", scale=1 / 128, output_tensors=outputs)
    assert boxes_of(step, raw) == [(LABELS[LABEL], *BOX, SCORE)]
    without_ids = [{**entry} for entry in outputs]
    del without_ids[0]["block_id"]
    again = detector("qc_yolox", scale=1 / 128, output_tensors=without_ids)
    assert boxes_of(again, raw) == boxes_of(step, raw)


@pytest.mark.parametrize("kind", ["ssd", "yolov7", "yolox_detect", "qc_yolox"])
def test_a_class_without_a_label_is_left_out(kind):
    assert boxes_of(detector(kind, labels=LABELS[:LABEL]), one_object(kind)) == []


def test_more_than_200_boxes_of_a_sorted_list_are_not_reported():
    rows = np.zeros((1, 900, 5), np.float32)
    y, x = np.divmod(np.arange(900), 30)
    rows[0] = np.stack([x / 30, y / 30, x / 30 + 0.03, y / 30 + 0.03, 1 - np.arange(900) / 2e3], 1)
    found = boxes_of(detector("yolo_pro", width=300, height=300, labels=("cup",)), {5: rows})
    assert len(found) == 200
    np.testing.assert_array_equal([f[-1] for f in found], rows[0, :200, 4])


def test_a_new_feature_count_cuts_the_rows():
    rows = one_object("yolov5")[5]
    assert boxes_of(detector("yolov5", output_features_count=7 * 8), {5: rows}) == []
    assert len(boxes_of(detector("yolov5", output_features_count=8 * 8), {5: rows})) == 1


@pytest.mark.parametrize("kind", ["yolov5", "yolov11"])
def test_a_negative_size_is_no_box(kind):
    tensors = one_object(kind)
    rows = tensors[5] if kind == "yolov5" else tensors[5].transpose(0, 2, 1)
    rows[..., 2] *= -1
    assert boxes_of(detector(kind), tensors) == []


def fomo(grid, **fields):
    rows, columns, _ = grid.shape
    size = {"width": columns * 8, "height": rows * 8, "out_width": columns, "out_height": rows}
    return boxes_of(detector("fomo", **size, **fields), {5: grid})


blobs = st.builds(
    lambda rows, columns, size: (rows, columns, size),
    st.integers(0, 6),
    st.integers(0, 9),
    st.tuples(st.integers(1, 4), st.integers(1, 4)),
)


@given(blobs, st.integers(0, 2))
def test_a_blob_is_one_box_wherever_it_is(blob, label):
    row, column, (height, width) = blob
    grid = np.zeros((10, 13, 4), np.float32)
    grid[row : row + height, column : column + width, 1 + label] = 0.75
    box = (column * 8, row * 8, width * 8, height * 8)
    assert fomo(grid) == [(LABELS[label], *box, 0.75)]


@given(blobs)
def test_mirrored_and_turned_grids_give_mirrored_and_turned_boxes(blob):
    row, column, (height, width) = blob
    grid = np.zeros((10, 13, 4), np.float32)
    grid[row : row + height, column : column + width, 1] = 0.75
    x, y, width, height = fomo(grid)[0][1:5]
    assert fomo(grid[:, ::-1])[0][1:5] == (13 * 8 - x - width, y, width, height)
    assert fomo(grid[::-1])[0][1:5] == (x, 10 * 8 - y - height, width, height)
    assert fomo(grid.transpose(1, 0, 2))[0][1:5] == (y, x, height, width)


def test_cells_that_touch_at_a_corner_are_one_object_and_a_gap_parts_two():
    grid = np.zeros((6, 6, 2), np.float32)
    grid[1, 1, 1] = grid[2, 2, 1] = 0.6
    assert fomo(grid, labels=("cup",)) == [("cup", 8, 8, 16, 16, pytest.approx(0.6))]
    grid[2, 2, 1], grid[1, 3, 1] = 0, 0.9
    assert [found[1] for found in fomo(grid, labels=("cup",))] == [8, 24]


def test_an_object_that_grows_to_the_left_loses_its_right_column_as_in_the_sdk():
    grid = np.zeros((6, 6, 2), np.float32)
    grid[2, 3, 1] = grid[3, 2, 1] = 0.6
    assert fomo(grid, labels=("cup",))[0][1:5] == (16, 16, 8, 16)


def test_objects_of_different_labels_do_not_join():
    grid = np.zeros((6, 6, 4), np.float32)
    grid[2, 2, 1:] = 0.5, 0.6, 0.7
    assert [found[0] for found in fomo(grid)] == list(LABELS)


def test_the_value_of_an_object_is_that_of_its_best_cell():
    grid = np.zeros((6, 6, 2), np.float32)
    grid[2, 1:5, 1] = 0.5, 0.75, 1.25, 0.5
    assert fomo(grid, labels=("cup",)) == [("cup", 8, 16, 32, 8, 1.25)]


def test_a_yolox_image_may_be_wider_than_high():
    tensors = one_object("yolox")
    rows = np.zeros_like(tensors[5])
    rows[0, 20 * 28 + 9 * 14 + 13] = [0.5, 0.5, 0, 0, 1, 1, 0, 0]  # bottom right, stride 16
    ((_, x, y, width, height, _),) = boxes_of(detector("yolox"), {5: rows})
    assert (x, y, width, height) == (13 * 16, 9 * 16, 16, 16)


def test_yolov2_finds_what_is_above_its_own_threshold_whatever_the_config_says():
    step = detector("yolov2", threshold=0.99)
    assert step.thresholds() == {"min_score": 0.5}
    assert len(boxes_of(step, one_object("yolov2"))) == 1


def test_corners_of_yolov11_are_made_before_they_are_scaled_to_pixels():
    step = postprocess.create("yolov11", {"version": 1}, width=247, height=247, labels=("a",))
    rng = np.random.default_rng(0)
    for _ in range(50):
        centre, size = rng.integers([60, 1], [180, 100]) / 247
        row = np.array([centre, 0.5, size, 0.1, 0.9], np.float32)
        (box,) = step({0: row.reshape(1, 5, 1)})["bounding_boxes"]
        start = (row[0] - row[2] / np.float32(2)) * np.float32(247)
        assert box.x == int(max(start, 0))
