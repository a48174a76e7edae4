from __future__ import annotations

import doctest

import pytest

from ei_runner_core import InferenceResult, InvalidInputError, smoothing
from ei_runner_core.smoothing import Debounce, MovingAverage, Smooth

MAKERS = [lambda: MovingAverage(3), Debounce, Smooth]


def result(score, **others):
    return InferenceResult(classification={"yes": score, "no": 1 - score}, **others)


def test_the_examples_are_right():
    assert doctest.testmod(smoothing).failed == 0


def test_only_what_is_smoothed_is_replaced():
    average = MovingAverage(2)
    average.update(result(1.0))
    found = average.update(result(0.0, anomaly=0.25, info="text"))
    assert found == InferenceResult(
        classification={"yes": 0.5, "no": 0.5}, anomaly=0.25, info="text"
    )


def test_an_anomaly_takes_part_in_the_vote():
    smooth = Smooth(n_readings=2, min_readings_same=2)
    found = [smooth.update(result(1.0, anomaly=0.5)).detected_label for _ in range(2)]
    assert found == ["uncertain", "anomaly"]


@pytest.mark.parametrize("make", MAKERS)
def test_a_result_that_is_not_ready_passes_untouched(make):
    smoother = make()
    early = InferenceResult(ready=False)
    assert smoother.update(early) is early
    assert smoother.update(result(0.5)) == make().update(result(0.5))


@pytest.mark.parametrize("make", MAKERS)
def test_a_reset_forgets_everything_and_even_the_labels(make):
    smoother = make()
    for _ in range(12):
        smoother.update(result(0.9))
    smoother.reset()
    other = InferenceResult(classification={"cup": 0.25})
    assert smoother.update(other) == make().update(other)


@pytest.mark.parametrize("make", MAKERS)
def test_a_result_without_classes_is_refused(make):
    with pytest.raises(InvalidInputError, match="no classes to smooth in <InferenceResult 0 boxes"):
        make().update(InferenceResult(bounding_boxes=()))


@pytest.mark.parametrize("make", MAKERS)
def test_other_labels_than_before_are_refused(make):
    smoother = make()
    smoother.update(result(0.5))
    with pytest.raises(InvalidInputError, match="score of the label 'yes', but .* of cup"):
        smoother.update(InferenceResult(classification={"cup": 1.0}))


@pytest.mark.parametrize(
    "make", [lambda: MovingAverage(0), lambda: Debounce(consecutive=0), lambda: Smooth(2, 3)]
)
def test_wrong_arguments_are_refused_before_any_result(make):
    with pytest.raises(InvalidInputError):
        make()
