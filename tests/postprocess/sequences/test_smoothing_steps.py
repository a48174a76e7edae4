from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from result_sequences import scores_of

from ei_runner_core import InvalidInputError, postprocess

LABELS = ("noise", "yes", "no")
VOTES = {"n_readings": 4, "min_readings_same": 3}

rows = st.lists(st.tuples(*[st.floats(0, 1, width=32)] * 3), min_size=1, max_size=12)


def step_of(kind, labels=LABELS, **config):
    return postprocess.create(kind, config, labels=labels)


def detected(step, *readings, **others):
    parts = [step.update(scores_of(LABELS, reading) | others) for reading in readings]
    return [part["detected_label"] for part in parts]


NOISE, YES, UNSURE = (0.9, 0.1, 0.0), (0.1, 0.9, 0.0), (0.3, 0.3, 0.4)


def test_enough_equal_votes_name_a_label():
    step = step_of("smooth", **VOTES)
    found = detected(step, YES, YES, YES, UNSURE, UNSURE)
    assert found == ["uncertain", "uncertain", "yes", "yes", "uncertain"]
    assert step.counts == (0, 2, 0, 2, 0)


def test_an_anomaly_overrides_a_label():
    step = step_of("smooth", **VOTES)
    assert detected(step, YES, YES, YES, anomaly=0.5) == ["uncertain", "uncertain", "anomaly"]
    assert detected(step, YES, anomaly=0.25) == ["anomaly"]


def test_scores_that_are_no_numbers_are_uncertain():
    step = step_of("smooth", **VOTES)
    nan = (math.nan,) * 3
    assert detected(step, nan, nan, nan, anomaly=math.nan) == ["uncertain"] * 3


@given(rows)
def test_there_are_always_as_many_votes_as_readings(readings):
    step = step_of("smooth", **VOTES)
    for reading in readings:
        detected(step, reading)
        assert sum(step.counts) == 4
        assert min(step.counts) >= 0


@given(rows, st.integers(1, 5))
def test_a_mean_stays_between_the_last_scores(readings, windows):
    step = step_of("moving_average", windows=windows)
    for index, reading in enumerate(readings):
        means = [*step.update(scores_of(LABELS, reading))["classification"].values()]
        held = np.array(readings[max(0, index + 1 - windows) : index + 1])
        assert (means >= held.min(axis=0) - 1e-9).all()
        assert (means <= held.max(axis=0) + 1e-9).all()
        np.testing.assert_allclose(means, held.mean(axis=0), atol=1e-12)


def test_a_ramp_divides_by_all_windows_from_the_first_result_on():
    step = step_of("moving_average", windows=4, ramp=True)
    found = [step.update(scores_of(LABELS, (1, 0, 0)))["classification"] for _ in range(5)]
    assert [scores["noise"] for scores in found] == [0.25, 0.5, 0.75, 1.0, 1.0]


def test_a_score_that_is_no_number_leaves_the_mean_with_its_window():
    step = step_of("moving_average", windows=2)
    for reading in ((math.nan, 0, 0), (1, 0, 0)):
        assert math.isnan(step.update(scores_of(LABELS, reading))["classification"]["noise"])
    assert step.update(scores_of(LABELS, (1, 0, 0)))["classification"]["noise"] == 1


def test_a_label_that_stays_is_reported_once():
    step = step_of("debounce", consecutive=2)
    assert detected(step, YES, YES, YES, YES) == [None, "yes", None, None]
    assert detected(step, UNSURE, YES, YES, YES) == [None, None, "yes", None]


def test_another_label_begins_anew():
    step = step_of("debounce", consecutive=2)
    assert detected(step, YES, NOISE, YES, YES) == [None, None, None, "yes"]
    assert detected(step, NOISE, NOISE) == [None, "noise"]


def test_nothing_is_reported_for_a_while_after_an_event():
    step = step_of("debounce", consecutive=1, suppress=3)
    assert detected(step, YES, NOISE, YES, YES, YES) == ["yes", None, None, None, "yes"]


@given(st.lists(st.sampled_from([NOISE, YES, UNSURE]), max_size=20), st.integers(1, 4))
def test_there_are_as_many_events_as_long_runs(readings, consecutive):
    step = step_of("debounce", consecutive=consecutive)
    runs, last = [], None
    for reading in readings:
        if reading != last:
            runs.append([reading, 0])
        runs[-1][1] += 1
        last = reading
    expected = [run for run in runs if run[0] != UNSURE and run[1] >= consecutive]
    assert sum(event is not None for event in detected(step, *readings)) == len(expected)


@pytest.mark.parametrize(
    ("kind", "config"),
    [("smooth", VOTES), ("moving_average", {"windows": 3}), ("debounce", {"consecutive": 2})],
)
def test_a_reset_makes_a_step_as_new(kind, config):
    step = step_of(kind, **config)
    readings = [YES, YES, YES, UNSURE, NOISE, NOISE, NOISE]
    first = [step.update(scores_of(LABELS, reading)) for reading in readings]
    step.reset()
    assert [step.update(scores_of(LABELS, reading)) for reading in readings] == first


@pytest.mark.parametrize("kind", ["smooth", "moving_average", "debounce"])
def test_what_describes_the_stream_may_stand_in_the_config(kind):
    stream = {"sensor": 1, "slice_size": 4000, "interval_ms": 0.0625, "categories": LABELS}
    step_of(kind, **stream).update(scores_of(LABELS, YES))


@pytest.mark.parametrize("kind", ["smooth", "moving_average", "debounce"])
def test_smoothing_needs_classes(kind):
    with pytest.raises(InvalidInputError, match="has anomaly; put it behind a classification"):
        step_of(kind).update({"anomaly": 0.5})


@pytest.mark.parametrize(
    ("kind", "config", "message"),
    [
        ("smooth", {"n_readings": 3}, "min_readings_same .* is 7, expected 1 to n_readings, .* 3"),
        ("smooth", {"min_readings_same": 0}, "min_readings_same .* is 0"),
        ("smooth", {"n_readings": 10**12}, "'n_readings' .* from 0 to 100000"),
        ("moving_average", {"windows": 0}, "0 windows, expected at least 1"),
        ("moving_average", {"windows": 1e9}, "'windows' .* from 0 to 100000"),
        ("moving_average", {"ramp": 1}, "'ramp' .* true or false"),
        ("debounce", {"consecutive": 0}, "0 as consecutive, expected at least 1"),
        ("debounce", {"confidence": math.nan}, "'confidence' .* is nan"),
        ("debounce", {"hold_ms": 5}, "no field 'hold_ms'"),
        ("debounce", {"labels": ()}, "debouncing needs labels"),
    ],
)
def test_an_impossible_smoothing_is_one_clear_error(kind, config, message):
    with pytest.raises(InvalidInputError, match=message):
        step_of(kind, **config)
