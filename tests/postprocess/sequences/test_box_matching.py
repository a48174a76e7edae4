from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ei_runner_core.postprocess.kalman import BoxFilters
from ei_runner_core.postprocess.matching import Matcher, distances, overlaps

sides = st.tuples(*[st.integers(0, 30)] * 2, *[st.integers(0, 20)] * 2)
crowds = st.lists(sides, min_size=1, max_size=4).map(lambda rows: np.array(rows, float))


def best_sum(values, choose):
    """The best sum that any assignment of all rows or all columns reaches."""
    wide = values if values.shape[0] <= values.shape[1] else values.T
    rows, columns = wide.shape
    return choose(
        sum(wide[row, column] for row, column in enumerate(chosen))
        for chosen in itertools.permutations(range(columns), rows)
    )


@settings(max_examples=40)
@given(crowds, crowds)
def test_the_assignment_by_overlap_is_the_best_there_is(known, seen):
    chosen = Matcher(use_iou=True).match(known, known, seen, -1.0)
    values = overlaps(known, seen)
    total = sum(values[row, column] for row, column in enumerate(chosen) if column >= 0)
    assert total == pytest.approx(best_sum(values, max), abs=1e-5)


@settings(max_examples=40)
@given(crowds, crowds)
def test_the_assignment_by_distance_is_the_best_there_is(known, seen):
    chosen = Matcher(use_iou=False).match(known, known, seen, 1e9)
    values = distances(known, seen)
    total = sum(values[row, column] for row, column in enumerate(chosen) if column >= 0)
    assert total == pytest.approx(best_sum(values, min), abs=1e-3)


@settings(max_examples=40)
@given(crowds, crowds, st.floats(0, 1))
def test_only_pairs_above_the_overlap_stay_and_no_box_is_used_twice(known, seen, least):
    chosen = Matcher(use_iou=True).match(known, known, seen, least)
    pairs = [(row, column) for row, column in enumerate(chosen) if column >= 0]
    assert len({column for _, column in pairs}) == len(pairs)
    assert all(overlaps(known, seen)[pair] > np.float32(least) for pair in pairs)


@settings(max_examples=40)
@given(crowds, crowds)
def test_overlaps_are_symmetric_and_between_nothing_and_all(a, b):
    values = overlaps(a, b)
    assert values.dtype == np.float32
    assert ((values >= 0) & (values <= 1)).all()
    np.testing.assert_array_equal(values, overlaps(b, a).T)


def test_boxes_that_touch_or_have_no_area_do_not_overlap():
    boxes = np.array([[0, 0, 4, 4], [4, 0, 4, 4], [2, 2, 0, 0], [2, 2, 0, 3]], float)
    np.testing.assert_array_equal(overlaps(boxes, boxes), np.diag([1, 1, 0, 0]))


def test_distances_are_those_of_the_middles():
    a, b = np.array([[0, 0, 2, 2]], float), np.array([[3, 4, 2, 2], [0, 0, 5, 2]], float)
    np.testing.assert_array_equal(distances(a, b), np.float32([[5, 1.5]]))


def test_the_smaller_sum_counts_even_when_it_is_that_of_no_pair():
    last, expected = np.array([[0, 0, 10, 10.0]]), np.array([[40, 0, 10, 10.0]])
    matcher = Matcher(use_iou=True)
    seen = np.array([[1, 0, 10, 10.0]])
    assert matcher.match(last, expected, seen, 0.5) == [-1]
    assert matcher.match(last, last, seen, 0.5) == [0]


def test_a_filter_expects_a_box_where_it_was_heading():
    filters = BoxFilters()
    filters.add(np.array([[10, 20, 8, 6.0]]))
    np.testing.assert_array_equal(filters.predict(), [[10, 20, 8, 6]])
    for x in range(14, 400, 4):
        filters.observe(np.array([[x, 20, 8, 6.0]]))
        expected = filters.predict()
    np.testing.assert_array_equal(expected, [[x + 4, 20, 8, 6]])


@settings(max_examples=40)
@given(crowds)
def test_filters_do_not_disturb_each_other(boxes):
    together, apart = BoxFilters(), [BoxFilters() for _ in boxes]
    together.add(boxes)
    for one, box in zip(apart, boxes, strict=True):
        one.add(box[None])
    for shift in (1, 3, 2):
        rows = [one.predict()[0] for one in apart]
        np.testing.assert_array_equal(together.predict(), rows)
        together.observe(boxes + shift)
        for one, box in zip(apart, boxes, strict=True):
            one.observe(box[None] + shift)


def test_a_filter_stays_sound_over_a_long_time():
    filters = BoxFilters()
    filters.add(np.array([[100, 100, 10, 10.0]]))
    for _ in range(2000):
        expected = filters.predict()
        filters.observe(np.array([[100, 100, 10, 10.0]]))
    np.testing.assert_array_equal(expected, [[100, 100, 10, 10]])
    assert math.isfinite(expected.sum())


def test_an_overlap_loses_its_last_digits_before_it_is_compared_with_the_threshold():
    matcher = Matcher(use_iou=True)
    known, seen = np.array([[0.0, 0, 10, 10]]), np.array([[0.0, 0, 10, 1]])
    tenth = np.float32(0.1)
    assert 1 - (1 - tenth) > tenth
    assert matcher.match(known, known, seen, float(tenth)) == [0]
    assert matcher.match(known, known, seen, float(1 - (1 - tenth))) == [-1]
