from __future__ import annotations

import numpy as np
import pytest
from golden_cases import golden
from result_sequences import box_row, changes_at, detections_of, scores_of, step_of, track_row

from ei_runner_core import postprocess


def change(step, case, frame, kind):
    if changed := changes_at(case, frame, kind):
        step.set_threshold(**changed)
        assert changed.items() <= step.thresholds().items()


@golden("postprocess/tracking")
def test_tracking_answers_like_the_sdk(case):
    tracking = step_of("tracking", case)
    for frame, expected in enumerate(case.expected["frames"]):
        change(tracking, case, frame, "object_tracking")
        tracked = tracking.update(detections_of(case, frame))["object_tracking"]
        assert [track_row(track) for track in tracked] == expected["open_traces"], frame


@golden("postprocess/counting")
def test_counting_answers_like_the_sdk(case):
    tracking, counting = step_of("tracking", case), step_of("counting", case)
    for frame, expected in enumerate(case.expected["frames"]):
        change(tracking, case, frame, "object_tracking")
        parts = counting.update(tracking.update(detections_of(case, frame)))
        assert [track_row(track) for track in parts["object_tracking"]] == expected["open_traces"]
        assert list(parts["counts"]) == expected["counts"], frame


@golden("postprocess/pipeline")
def test_a_chain_of_detector_tracking_and_counting_answers_like_the_sdk(case):
    kind = case.config["postprocess_fn"].removeprefix("process_").removesuffix("_i8")
    detector, *followers = (step_of(name, case) for name in (kind, "tracking", "counting"))
    for frame, expected in enumerate(case.expected["frames"]):
        parts = detector({block: tensor[frame] for block, tensor in case.tensors.items()})
        for follower in followers:
            parts = follower.update(parts)
        assert [box_row(box) for box in parts["bounding_boxes"]] == expected["bounding_boxes"]
        assert [track_row(track) for track in parts["object_tracking"]] == expected["open_traces"]
        assert list(parts["counts"]) == expected["counts"], frame


@golden("postprocess/calibration")
def test_calibration_answers_like_the_sdk(case):
    calibration = step_of("calibration", case)
    for frame, expected in enumerate(case.expected["frames"]):
        change(calibration, case, frame, "performance_calibration")
        scores = scores_of(case.config["categories"], case.arrays["values"][frame])
        parts = calibration.update(scores)
        found = [{"label": k, "value": v} for k, v in parts["classification"].items()]
        assert found == expected["classification"], frame
        assert parts["detected_label"] == expected["detected_label"], frame


@pytest.mark.parametrize("nested", [True, False])
@golden("dsp/perfcal")
def test_calibrated_scores_are_those_of_the_sdk(case, nested):
    given = case.arrays["scores_in"]
    labels = [f"label {index}" for index in range(given.shape[1])]
    settings = case.config["performance_calibration"]
    config = {
        "slice_size": case.config["slice_samples"],
        "interval_ms": 1000 / case.config["frequency"],
        **({"performance_calibration": settings} if nested else settings),
    }
    calibration = postprocess.create("calibration", config, labels=labels)
    found = [calibration.update(scores_of(labels, row))["classification"] for row in given]
    rows = np.float32([list(scores.values()) for scores in found])
    np.testing.assert_array_equal(rows, case.arrays["scores_out"], strict=True)


@golden("postprocess/smooth")
def test_smoothing_answers_like_the_sdk(case):
    smooth = step_of("smooth", case)
    rows = zip(case.arrays["values"], case.arrays["anomaly"], strict=True)
    for reading, (values, anomaly) in enumerate(rows):
        parts = scores_of(case.config["categories"], values) | {"anomaly": float(anomaly)}
        assert smooth.update(parts)["detected_label"] == case.expected["labels"][reading]
        assert list(smooth.counts) == case.expected["counts"][reading]
