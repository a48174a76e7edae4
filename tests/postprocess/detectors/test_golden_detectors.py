from __future__ import annotations

import numpy as np
import pytest
from golden_cases import GOLDEN, load_case

from ei_runner_core import postprocess

FAMILIES = (
    "fomo",
    "qc_yolox",
    "ssd",
    "tao_detection",
    "tao_yolov3",
    "tao_yolov4",
    "yolo_pro",
    "yolov11",
    "yolov2",
    "yolov5",
    "yolov7",
    "yolox",
    "yolox_detect",
)


def found(kind, case):
    step = postprocess.create(
        kind,
        case.config,
        width=case.config["input_width"],
        height=case.config["input_height"],
        labels=case.config["categories"],
    )
    return step(case.tensors)["bounding_boxes"]


def matches(boxes, case):
    # the list of an SSD keeps empty slots, and has what its count leaves out
    rows = case.expected.get("array", case.expected["bounding_boxes"])
    expected = [row for row in rows if row["value"] != 0]
    names = ("label", "x", "y", "width", "height")
    assert [tuple(getattr(box, name) for name in names) for box in boxes] == [
        tuple(row[name] for name in names) for row in expected
    ]
    values = np.array([box.value for box in boxes], np.float32)
    exact = np.array([row["value"] for row in expected], np.float32)
    ulps = 4 if "ulp" in case.texts["meta"]["tolerance"] else 0
    assert np.all(np.abs(values.view(np.int32) - exact.view(np.int32)) <= ulps)


@pytest.mark.parametrize(
    ("kind", "case"),
    [
        pytest.param(kind, load_case(path), id=f"{kind}-{path.stem}")
        for kind in FAMILIES
        for path in sorted((GOLDEN / "postprocess" / kind).glob("*.npz"))
    ],
)
def test_a_detector_finds_what_the_sdk_finds(kind, case):
    matches(found(kind, case), case)


@pytest.mark.parametrize("kind", FAMILIES)
def test_every_detector_has_vectors_and_the_threshold_of_object_detection(kind):
    assert any((GOLDEN / "postprocess" / kind).glob("*.npz"))
    fields = {"out_width": 4, "out_height": 4} if kind == "fomo" else {}
    step = postprocess.create(kind, fields, width=64, height=64, labels=("a", "b"))
    assert step.threshold_type == "object_detection"
