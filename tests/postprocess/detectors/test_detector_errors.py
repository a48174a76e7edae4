from __future__ import annotations

import numpy as np
import pytest
from detector_cases import DETECTORS, detector, one_object

from ei_runner_core import InvalidInputError, ModelFormatError

PARTS = [(kind, block) for kind in DETECTORS for block in one_object(kind)]


@pytest.mark.parametrize(("kind", "block"), PARTS)
def test_a_missing_tensor_is_one_clear_error(kind, block):
    tensors = one_object(kind)
    del tensors[block]
    with pytest.raises(ModelFormatError, match=f"decodes the tensor of block {block}, but there"):
        detector(kind)(tensors)


@pytest.mark.parametrize("kind", DETECTORS)
def test_a_tensor_that_does_not_fit_the_labels_is_one_clear_error(kind):
    tensors = one_object(kind)
    tensors[5] = np.zeros((1, 9, 77), np.float32)
    if kind in ("ssd", "qc_yolox"):
        tensors[6] = tensors[5]
    with pytest.raises(ModelFormatError, match=f"{kind} with 3 labels expects .*; is it the right"):
        detector(kind)(tensors)


@pytest.mark.parametrize("kind", ["yolov5", "yolo_pro", "tao_detection", "tao_yolov3", "yolox"])
def test_rows_of_another_number_of_classes_are_refused_even_where_the_sizes_fit(kind):
    rows = one_object(kind)[5]
    turned = rows.transpose(0, 2, 1)
    with pytest.raises(ModelFormatError, match="has the shape .* expects rows of"):
        detector(kind)({5: turned})


def test_planes_that_lie_the_other_way_are_refused():
    with pytest.raises(ModelFormatError, match=r"shape \(1, 20, 7\), but yolov11 .* 7 planes"):
        detector("yolov11")({5: one_object("yolov11")[5].transpose(0, 2, 1)})


@pytest.mark.parametrize(
    "kind",
    ["yolov5", "yolo_pro", "tao_detection", "tao_yolov4", "yolov11", "yolox_detect", "qc_yolox"],
)
def test_fewer_features_than_announced_are_refused(kind):
    step = detector(kind, output_features_count=10_000)
    with pytest.raises(ModelFormatError, match="expects 10000 values"):
        step(one_object(kind))


@pytest.mark.parametrize(("kind", "block"), [("ssd", 6), ("ssd", 8), ("qc_yolox", 6)])
def test_lists_of_different_lengths_are_refused(kind, block):
    tensors = one_object(kind)
    tensors[block] = tensors[block][:, :3]
    with pytest.raises(ModelFormatError, match="as many"):
        detector(kind)(tensors)


def test_too_few_rows_for_the_grids_are_refused():
    with pytest.raises(ModelFormatError, match="expects 735 rows"):
        detector("yolox")({5: one_object("yolox")[5][:, :-1]})


@pytest.mark.parametrize("kind", DETECTORS)
@pytest.mark.parametrize("wrong", [{"labels": ()}, {"width": 0}, {"height": 0}])
def test_a_detector_without_labels_or_an_image_is_refused(kind, wrong):
    with pytest.raises(InvalidInputError, match=f"the {kind} step needs labels and an image, got"):
        detector(kind, **wrong)


@pytest.mark.parametrize("kind", DETECTORS)
@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"treshold": 0.5}, "has no field 'treshold'"),
        ({"threshold": float("nan")}, "'threshold' of the .* step is nan, expected a finite"),
        ({"nms_config": 3}, "the config of the nms_config must be a mapping"),
        ({"nms_config": {"iou": 0.2}}, "the nms_config has no field 'iou'; its fields are: conf"),
        ({"nms_config": {"iou_threshold": "x"}}, "'iou_threshold' of the nms_config is 'x'"),
        ({"object_detection_count": 10**9}, "is 1000000000, expected a number from 0 to 65535"),
        ({"object_detection_count": -1}, "is -1, expected"),
        ({"scale": -1}, "the scale is -1"),
        ({"output_tensors": 5}, "is 5, expected a list of mappings"),
        ({"output_tensors": [{"scales": 5}]}, "entry of output_tensors has no field 'scales'"),
        ({"output_tensors": [{"scale": 0}]}, "the scale is 0"),
        ({"output_features_count": 1.5}, "'output_features_count' .* is 1.5"),
    ],
)
def test_a_wrong_config_of_a_detector_names_the_field(kind, fields, message):
    with pytest.raises(InvalidInputError, match=message):
        detector(kind, **fields)


@pytest.mark.parametrize(
    "grid", [{"out_width": 0}, {"out_height": 161}, {"out_width": 225}, {"out_height": 10**12}]
)
def test_an_impossible_grid_is_refused(grid):
    with pytest.raises(InvalidInputError, match=r"grid of|expected a number from 0 to"):
        detector("fomo", **grid)


def test_an_image_without_a_grid_cell_is_refused():
    with pytest.raises(InvalidInputError, match="image of 7x160 pixels, expected at least 8x8"):
        detector("yolox", width=7)


def test_nms_settings_default_one_by_one():
    step = detector("yolov5", nms_config={"iou_threshold": 0.9})
    assert len(step(one_object("yolov5"))["bounding_boxes"]) == 1
