from __future__ import annotations

import math

import pytest
from result_sequences import scores_of

from ei_runner_core import InvalidInputError, postprocess

LABELS = ("noise", "yes")
CONFIG = {
    "is_configured": True,
    "average_window_duration_ms": 500,
    "detection_threshold": 0.75,
    "suppression_ms": 0,
    "suppression_flags": 0,
    "slice_size": 4000,
    "interval_ms": 0.0625,
}


def calibration(labels=LABELS, **fields):
    return postprocess.create("calibration", CONFIG | fields, labels=labels)


def events(step, scores):
    parts = [step.update(scores_of(LABELS, (1 - score, score))) for score in scores]
    return [part["detected_label"] for part in parts]


def test_an_event_is_a_high_average_and_makes_the_scores_one_hot():
    step = calibration()
    assert events(step, [0.9, 0.7, 0.7]) == ["yes", "yes", None]
    parts = step.update(scores_of(LABELS, (0.0, 1.0)))
    assert parts["classification"] == {"noise": 0.0, "yes": 1.0}


def test_suppression_follows_an_event_of_a_flagged_label():
    step = calibration(suppression_flags=2, suppression_ms=500)
    assert events(step, [1, 1, 1, 1, 0, 0, 0]) == ["yes", None, None, "yes", None, None, None]


def test_a_block_that_is_not_configured_gives_the_averages():
    step = calibration(is_configured=False)
    assert events(step, [1.0, 0.5]) == [None, None]
    parts = step.update(scores_of(LABELS, (0.75, 0.25)))
    assert parts["classification"] == {"noise": 0.625, "yes": 0.375}


@pytest.mark.parametrize("configured", [True, False])
def test_a_threshold_that_chance_reaches_disables_the_block_for_ever(configured):
    step = calibration(detection_threshold=0.5, is_configured=configured)
    step.set_threshold(detection_threshold=0.9)
    parts = step.update(scores_of(LABELS, (0.0, 1.0)))
    assert parts["detected_label"] is None
    assert parts["classification"]["yes"] == (0.0 if configured else 1.0)


def test_another_sensor_is_left_alone():
    step = calibration(sensor=2)
    parts = scores_of(LABELS, (0.125, 0.875))
    assert step.update(parts) == parts | {"detected_label": None}


@pytest.mark.parametrize("window_ms", [0, 1, 100])
def test_a_window_that_is_shorter_than_a_slice_is_one_slice(window_ms):
    step = calibration(average_window_duration_ms=window_ms, interval_ms=0.06251)
    assert events(step, [1, 0.6, 1]) == ["yes", None, "yes"]


def test_labels_beyond_the_flags_are_not_flagged():
    labels = [f"label {index}" for index in range(40)]
    step = calibration(labels, suppression_flags=2**31, suppression_ms=10_000)
    scores = {label: float(index == 35) for index, label in enumerate(labels)}
    assert step.update({"classification": scores})["detected_label"] is None
    scores["label 31"] = 2.0
    assert step.update({"classification": scores})["detected_label"] == "label 31"


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_a_score_that_is_no_number_does_not_stay_in_the_average(wrong):
    step = calibration()
    step.update(scores_of(LABELS, (wrong, wrong)))
    assert events(step, [1, 1, 1]) == [None, "yes", "yes"]


def test_a_reset_forgets_averages_and_suppression():
    step = calibration(suppression_flags=2, suppression_ms=5000)
    assert events(step, [1, 1]) == ["yes", None]
    step.reset()
    assert events(step, [1, 1]) == ["yes", None]


def test_the_threshold_can_be_changed_and_all_values_are_read_back():
    step = calibration()
    assert step.threshold_type == "performance_calibration"
    step.set_threshold(detection_threshold=0.625)
    assert step.thresholds() == {
        "average_window_duration_ms": 500,
        "detection_threshold": 0.625,
        "suppression_ms": 0,
        "suppression_flags": 0,
    }
    assert events(step, [0.65]) == ["yes"]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"suppression_ms": 5}, "reads suppression_ms when the model is opened; only detection_"),
        ({"detection_threshold": 0.5, "suppression_flags": 1}, "reads suppression_flags when"),
        ({"detection_threshold": "0.5"}, "'detection_threshold' .* is '0.5'"),
        ({"min_score": 0.5}, "no value 'min_score' to change; it has: detection_threshold"),
    ],
)
def test_values_that_are_read_once_are_refused_and_nothing_is_changed(values, message):
    step = calibration()
    before = step.thresholds()
    with pytest.raises(InvalidInputError, match=message):
        step.set_threshold(**values)
    assert step.thresholds() == before


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"slice_size": 0}, "slice_size of 0 samples and an interval_ms of 0.0625, expected more"),
        ({"interval_ms": -1}, "interval_ms of -1"),
        ({"interval_ms": 3e38}, "interval_ms of 3e"),
        ({"average_window_duration_ms": 2**32 - 1, "slice_size": 1}, "expected at most 100000"),
        ({"average_window_duration_ms": -1}, "'average_window_duration_ms' of the calibration"),
        ({"suppression_flags": 1.5}, "'suppression_flags' of the calibration step is 1.5"),
        ({"is_configured": 1}, "'is_configured' of the calibration step is 1, expected true or"),
        ({"labels": ()}, "calibration needs labels"),
    ],
)
def test_an_impossible_config_is_one_clear_error(fields, message):
    with pytest.raises(InvalidInputError, match=message):
        calibration(**fields)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({}, "has nothing; put it behind a classification"),
        ({"classification": {"yes": 1.0}}, "score of the label 'noise', but .* of yes"),
    ],
)
def test_calibration_needs_a_score_of_every_label(parts, message):
    with pytest.raises(InvalidInputError, match=message):
        calibration().update(parts)
