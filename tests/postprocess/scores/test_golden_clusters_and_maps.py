from __future__ import annotations

import numpy as np
from golden_cases import golden
from result_sequences import box_row, step_of

from ei_runner_core import postprocess

CLUSTERS = ("centroids", "max_error", "anom_scale", "anom_mean")
FEATURES = "features_"


def same_floats(found, expected, most_ulp=0):
    steps = np.float32(found).view(np.int32) - np.float32(expected).view(np.int32)
    return bool((abs(steps) <= most_ulp).all())


def assert_same_boxes(found, expected, most_ulp=0):
    rows = [box_row(box) for box in found]
    values = [row.pop("value") for row in rows]
    assert rows == [{k: v for k, v in row.items() if k != "value"} for row in expected]
    assert same_floats(values, [row["value"] for row in expected], most_ulp)


@golden("postprocess/kmeans")
def test_clusters_score_like_the_sdk(case):
    step = postprocess.create("kmeans", case.config | {k: case.arrays[k] for k in CLUSTERS})
    features = {k: v for k, v in case.arrays.items() if k.startswith(FEATURES)}
    found = step({int(name.removeprefix(FEATURES)): v for name, v in features.items()})
    assert found.keys() == {"anomaly"}
    assert same_floats(found["anomaly"], case.expected["anomaly"])


@golden("postprocess/visual_ad")
def test_visual_anomalies_are_those_of_the_sdk(case):
    found = step_of("visual_ad", case)(case.tensors)
    visual, expected = found.pop("visual_anomaly"), case.expected
    assert found == {}
    assert [box_row(cell) for cell in visual.grid] == expected["visual_ad_grid_cells"]
    assert visual.max == expected["visual_ad_result"]["max_value"]
    assert visual.mean == expected["visual_ad_result"]["mean_value"]


@golden("postprocess/passthrough")
def test_what_is_passed_through_is_what_the_sdk_passes(case):
    found = step_of("passthrough", case)(case.tensors)
    if case.config["postprocess_fn"] == "process_anomaly":
        assert found == {"anomaly": case.expected["anomaly"]}
        assert found == step_of("anomaly", case)(case.tensors)
    else:
        rows = [{"label": k, "value": v} for k, v in found["classification"].items()]
        assert rows == case.expected["classification"]
        assert found == step_of("regression", case)(case.tensors)


@golden("postprocess/qc_face_det_lite")
def test_faces_are_those_of_the_sdk(case):
    found = step_of("qc_face_det_lite", case)(case.tensors)
    assert_same_boxes(found["bounding_boxes"], case.expected["bounding_boxes"], most_ulp=4)


@golden("postprocess/paddleocr")
def test_text_is_where_the_sdk_finds_it(case):
    found = step_of("paddleocr", case)(case.tensors)
    assert_same_boxes(found["bounding_boxes"], case.expected["bounding_boxes"])
