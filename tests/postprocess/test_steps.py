from __future__ import annotations

import numpy as np
import pytest

from ei_runner_core import (
    InferenceResult,
    InvalidInputError,
    ModelFormatError,
    UnsupportedModelError,
    postprocess,
)

LABELS = ("idle", "up", "down")
QUANTIZED = {"input_block_id": 5, "scale": 0.5, "zero_point": -2}


def classification(config=QUANTIZED, labels=LABELS):
    return postprocess.create("classification", config, width=0, height=0, labels=labels)


@pytest.mark.parametrize("name", ["yolov99", "typo", ""])
def test_an_unknown_type_is_refused_with_the_known_ones(name):
    known = "anomaly, calibration, classification, .*, yolox_detect"
    with pytest.raises(UnsupportedModelError, match=f"'{name}'; known types: {known}"):
        postprocess.create(name, {}, width=0, height=0, labels=LABELS)


@pytest.mark.parametrize("shape", [(3,), (1, 3), (3, 1), (1, 1, 3)])
def test_scores_keep_the_order_of_the_labels_and_are_plain_floats(shape):
    found = classification()({5: np.array([0, -128, 127], np.int8).reshape(shape)})
    assert list(found["classification"].items()) == [("idle", 1.0), ("up", -63.0), ("down", 64.5)]
    assert all(type(score) is float for score in found["classification"].values())


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.int32])
def test_every_integer_type_is_dequantised(dtype):
    found = classification()({5: np.array([[1, 2, 3]], dtype)})
    assert list(found["classification"].values()) == [1.5, 2.0, 2.5]


def test_float_scores_pass_whatever_the_config_says():
    scores = np.array([[0.25, np.inf, -1e-40]], np.float32)
    found = classification()({5: scores})
    assert list(found["classification"].values()) == scores.ravel().tolist()


def test_more_scores_than_labels_are_cut_off():
    found = classification()({5: np.arange(9, dtype=np.float32)})
    assert list(found["classification"].values()) == [0, 1, 2]


def test_too_few_scores_for_the_labels_are_refused():
    with pytest.raises(ModelFormatError, match="block 5 has 2 values, but the model has 3 labels"):
        classification()({5: np.zeros(2, np.int8)})


def test_a_missing_tensor_is_refused_with_those_that_are_there():
    with pytest.raises(ModelFormatError, match=r"tensor of block 5, .* the networks gave: 4, 6"):
        classification()({6: np.zeros(3, np.int8), 4: np.zeros(3, np.int8)})
    with pytest.raises(ModelFormatError, match="the networks gave: none"):
        classification()({})


def test_a_tensor_without_a_block_belongs_to_every_block():
    assert classification()({0: np.ones(3, np.float32)})["classification"]["up"] == 1


def test_a_classification_without_labels_is_refused():
    with pytest.raises(InvalidInputError, match="needs labels"):
        classification(labels=())


def test_a_regression_is_one_value_whatever_the_labels():
    for labels in ((), ("value",), LABELS):
        step = postprocess.create("regression", QUANTIZED, width=0, height=0, labels=labels)
        assert step({5: np.array([[4]], np.int8)}) == {"classification": {"value": 3.0}}


def test_freeform_gives_the_tensors_of_its_block_in_order():
    step = postprocess.create("freeform", QUANTIZED, width=0, height=0)
    tensors = {
        7: np.array([[2]], np.int8),
        5: np.ones((2, 2), np.float32),
        6: np.array([1, 2, 3], np.uint8),
        9: np.zeros(4, np.float32),
        0: np.zeros(4, np.float32),
    }
    found = step(tensors)["freeform"]
    assert [tensor.tolist() for tensor in found] == [[[1, 1], [1, 1]], [1.5, 2.0, 2.5], [[2.0]]]
    assert all(tensor.dtype == np.float32 for tensor in found)


@pytest.mark.parametrize("kind", ["classification", "regression", "freeform"])
@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"treshold": 0.5}, "has no field 'treshold'; its fields are: input_block_id, scale"),
        ({"scale": "0.5"}, "'scale' of the .* step is '0.5', expected a finite number"),
        ({"scale": 0}, r"the scale is 0\.0, expected a positive"),
        ({"zero_point": 0.5}, "'zero_point' of the .* step is 0.5, expected a whole number"),
        ({"input_block_id": -1}, "'input_block_id' of the .* step is -1, expected a whole number"),
    ],
)
def test_a_wrong_config_of_a_step_names_the_field(kind, config, message):
    with pytest.raises(InvalidInputError, match=message):
        postprocess.create(kind, config, width=0, height=0, labels=LABELS)


@pytest.mark.parametrize("kind", ["classification", "regression", "freeform"])
def test_a_step_without_thresholds_says_so(kind):
    step = postprocess.create(kind, {}, width=0, height=0, labels=LABELS)
    assert step.thresholds() == {}
    with pytest.raises(InvalidInputError, match="no value 'min_score' to change; it has: none"):
        step.set_threshold(min_score=0.5)
    step.reset()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"labels": None}, "labels is None"),
        ({"labels": "up"}, "labels is 'up'"),
        ({"width": "3"}, "width is '3'"),
        ({"height": float("nan")}, "height is nan"),
        ({"width": 10**9, "height": 10**9}, "at most 67108864"),
    ],
)
def test_what_a_step_is_told_about_the_model_is_checked(settings, message):
    with pytest.raises(InvalidInputError, match=message):
        postprocess.create("yolox", {}, **{"width": 32, "height": 32, "labels": ["a"]} | settings)


@pytest.mark.parametrize(
    "tensors",
    [[1], "x", {5: [1, 2]}, {5: np.zeros(3, np.complex64)}, {5: np.array(["a", "b", "c"])}],
)
def test_what_is_no_tensor_is_refused(tensors):
    with pytest.raises(InvalidInputError, match="step takes a mapping|array of real numbers"):
        classification()(tensors)


@pytest.mark.parametrize("kind", ["tracking", "counting", "calibration", "smooth"])
@pytest.mark.parametrize("parts", [[1], None, InferenceResult()], ids=["list", "none", "result"])
def test_what_is_no_part_of_a_result_is_refused(kind, parts):
    config = {"slice_size": 4000, "interval_ms": 0.0625} if kind == "calibration" else {}
    step = postprocess.create(kind, config, width=32, height=32, labels=LABELS)
    with pytest.raises(InvalidInputError, match="takes the parts of a result"):
        step.update(parts)
