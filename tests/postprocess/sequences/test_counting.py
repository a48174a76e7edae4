from __future__ import annotations

import pytest

from ei_runner_core import InvalidInputError, postprocess
from ei_runner_core.results import TrackedObject

WALL = [50, 0, 50, 99]


def counting(config=None):
    return postprocess.create("counting", config or {"segments": [WALL]})


def moves(*steps):
    tracks = (
        TrackedObject(number, "cup", 1.0, 0, 0, 1, 1, 0, step) for number, step in enumerate(steps)
    )
    return {"object_tracking": tuple(tracks)}


ACROSS, BACK, BESIDE, RESTS = (40, 10, 60, 10), (60, 12, 40, 12), (40, 10, 45, 10), (50, 10, 50, 10)


def test_crossings_are_counted_in_both_directions():
    step = counting()
    assert step.update(moves(ACROSS))["counts"] == (1,)
    assert step.update(moves(BACK, ACROSS))["counts"] == (3,)
    assert step.update(moves())["counts"] == (3,)


@pytest.mark.parametrize("step", [BESIDE, RESTS, (40, 120, 60, 120), (0, 0, 0, 0)])
def test_a_step_that_does_not_cross_is_not_counted(step):
    assert counting().update(moves(step))["counts"] == (0,)


def test_every_line_has_its_own_count():
    step = counting({"segments": [WALL, [0, 50, 99, 50], [50, 99, 50, 0]]})
    assert step.update(moves(ACROSS))["counts"] == (1, 0, 1)
    assert step.update(moves((40, 40, 60, 60)))["counts"] == (2, 1, 2)


def test_a_counter_without_lines_counts_nothing():
    assert counting({"segments": []}).update(moves(ACROSS))["counts"] == ()


def test_only_a_camera_counts():
    config = {"object_counting": {"segments": [WALL]}}
    assert counting(config | {"sensor": 3}).update(moves(ACROSS))["counts"] == (1,)
    assert counting(config | {"sensor": 2}).update(moves(ACROSS))["counts"] == (0,)


def test_a_reset_counts_from_0():
    step = counting()
    step.update(moves(ACROSS))
    step.reset()
    assert step.update(moves())["counts"] == (0,)


def test_counting_has_no_limits_to_change():
    step = counting()
    assert step.thresholds() == {}
    with pytest.raises(InvalidInputError, match="no value 'threshold' to change; it has: none"):
        step.set_threshold(threshold=0.5)


@pytest.mark.parametrize(
    ("segments", "message"),
    [
        ([1, 2, 3, 4], "'segments' of the counting step .* a list of rows of whole numbers"),
        ([[1, 2, 3]], r"shape \(1, 3\), expected \(n, 4\)"),
        ([[1, 2, 3, 4.5]], "rows of whole numbers"),
        ([[1, 2], [1, 2, 3, 4]], "rows of whole numbers"),
        ([["1", "2", "3", "4"]], "rows of whole numbers"),
        ([[1, 2, 3, 2**40]], "rows of whole numbers"),
        (None, "rows of whole numbers"),
    ],
)
def test_wrong_lines_are_one_clear_error(segments, message):
    with pytest.raises(InvalidInputError, match=message):
        counting({"segments": segments})


def test_counting_needs_tracks():
    with pytest.raises(InvalidInputError, match="works on tracked objects, .* has nothing"):
        counting().update({})
