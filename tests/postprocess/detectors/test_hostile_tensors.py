from __future__ import annotations

import numpy as np
import pytest
from detector_cases import DETECTORS, HEIGHT, LABELS, WIDTH, boxes_of, detector, one_object
from hypothesis import given, settings
from hypothesis import strategies as st

NASTY = [
    np.nan,
    np.inf,
    -np.inf,
    0,
    -0.0,
    1,
    -1,
    0.5,
    0.9,
    2,
    88.8,
    -104,
    200,
    1e9,
    3e38,
    -3e38,
    1e-45,
]
CUT_AT_THE_BORDERS = {"qc_yolox", "tao_detection", "tao_yolov3", "tao_yolov4", "yolo_pro"} | {
    "yolov11",
    "yolov5",
    "yolox",
}


def sound(found):
    for label, *box, value in found:
        assert label in LABELS
        assert all(type(number) is int and 0 <= number < 2**32 for number in box)
        assert np.isfinite(value)
        assert value != 0


@pytest.mark.parametrize("kind", DETECTORS)
@settings(max_examples=25)
@given(seed=st.integers(0, 2**32), share=st.floats(0, 1))
def test_no_numbers_end_a_detector(kind, seed, share):
    rng = np.random.default_rng(seed)
    tensors = one_object(kind)
    for tensor in tensors.values():
        if tensor.dtype == np.float32:
            flat = tensor.reshape(-1)
            where = rng.random(flat.size) < share
            flat[where] = rng.choice(np.array(NASTY, np.float32), where.sum())
    step = detector(kind)
    for threshold in (0.5, -1e9):
        step.set_threshold(min_score=threshold)
        found = boxes_of(step, tensors)
        sound(found)
        if kind in CUT_AT_THE_BORDERS:
            assert all(x + w <= WIDTH and y + h <= HEIGHT for _, x, y, w, h, _ in found)


@pytest.mark.parametrize("kind", DETECTORS)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1.0, 0.75, 3e38])
def test_a_tensor_of_one_value_ends_no_detector(kind, value):
    tensors = {
        key: np.full_like(tensor, value) if tensor.dtype == np.float32 else tensor
        for key, tensor in one_object(kind).items()
    }
    sound(boxes_of(detector(kind), tensors))


@pytest.mark.parametrize("kind", DETECTORS)
@pytest.mark.parametrize("dtype", ["i1", "u1", "i2"])
def test_any_integers_end_no_detector(kind, dtype):
    rng = np.random.default_rng(1)
    info = np.iinfo(dtype)
    tensors = {
        key: rng.integers(info.min, info.max + 1, tensor.shape).astype(dtype)
        for key, tensor in one_object(kind).items()
    }
    step = detector(kind, scale=0.02, zero_point=-3)
    sound(boxes_of(step, tensors))


@pytest.mark.parametrize("kind", ["yolov5", "yolo_pro", "yolov11", "yolox_detect", "yolov7", "ssd"])
def test_tensors_without_rows_hold_no_objects(kind):
    tensors = {
        key: tensor[..., :0] if kind == "yolov11" else tensor[:, :0]
        for key, tensor in one_object(kind).items()
    }
    assert boxes_of(detector(kind), tensors) == []


def test_one_bad_row_does_not_hide_the_others():
    for kind in sorted({*DETECTORS} - {"yolov11"}):
        tensors = one_object(kind)
        for tensor in tensors.values():
            if tensor.dtype == np.float32:
                tensor.reshape(-1)[:2] = np.nan
        assert len(boxes_of(detector(kind), tensors)) == 1, kind


def test_a_full_grid_of_single_cells_is_merged_quickly():
    grid = np.zeros((200, 200, 4), np.float32)
    grid[::2, ::2, 1:] = 0.9
    step = detector("fomo", width=400, height=400, out_width=200, out_height=200)
    assert len(boxes_of(step, {5: grid})) == 30_000


def test_thousands_of_boxes_apart_are_suppressed_quickly():
    rows = np.zeros((1, 4096, 5), np.float32)
    y, x = np.divmod(np.arange(4096), 64)
    rows[0] = np.stack([x / 64, y / 64, x / 64 + 0.01, y / 64 + 0.01, np.full(4096, 0.75)], 1)
    assert len(boxes_of(detector("yolo_pro", labels=("cup",)), {5: rows})) == 200
