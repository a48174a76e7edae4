from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ei_runner_core.postprocess.ordering import heap_order, introsort_order, partial_order

few_values = st.lists(st.integers(-3, 3), max_size=300).map(lambda v: np.array(v, np.float32))


@pytest.mark.parametrize("order", [heap_order, introsort_order])
@given(values=few_values)
def test_an_order_is_a_permutation_from_large_to_small(order, values):
    indices = order(values)
    assert sorted(indices.tolist()) == list(range(len(values)))
    assert np.all(np.diff(values[indices]) <= 0)


@given(st.lists(st.integers(0, 3), max_size=16).map(lambda v: np.array(v, np.float32)))
def test_short_lists_are_sorted_stably(values):
    assert introsort_order(values).tolist() == np.argsort(-values, kind="stable").tolist()


# recorded from std::priority_queue and std::sort of GCC 12
TIED = [1, 0, 1, 1, 0, 2, 1, 1, 2, 0, 0, 1, 2, 1, 1, 0, 2, 1, 0, 1]
FROM_HEAP = [5, 12, 8, 16, 6, 14, 13, 0, 2, 11, 19, 7, 17, 3, 9, 1, 15, 18, 10, 4]
SORTED = [5, 8, 12, 16, 19, 2, 3, 6, 7, 17, 0, 11, 13, 14, 10, 18, 15, 9, 4, 1]


def test_equal_values_leave_a_heap_as_in_cpp():
    assert heap_order(np.array(TIED, np.float32)).tolist() == FROM_HEAP


def test_equal_values_are_sorted_as_in_cpp():
    assert introsort_order(np.array(TIED, np.float32)).tolist() == SORTED


def bad_pivots(count):
    """Numbers for which the median of three is always a bad pivot, so that a heap sorts them."""
    half = count // 2
    values = np.zeros(count, np.float32)
    values[0:half:2] = np.arange(1, half + 1, 2)
    values[1:half:2] = half + np.arange(1, half, 2)
    values[half:] = 2 * np.arange(1, half + 1)
    return -values


def test_equal_values_are_sorted_as_in_cpp_where_pivots_are_bad():
    values = bad_pivots(76)
    values[(values >= -21) & (values <= -15)] = -15
    assert introsort_order(values)[13:22].tolist() == [44, 20, 47, 16, 45, 14, 46, 18, 48]


def test_long_lists_of_equal_values_are_sorted_quickly():
    assert len(introsort_order(np.zeros(20000, np.float32))) == 20000
    assert len(introsort_order(bad_pivots(5000) // 50)) == 5000


@given(few_values, st.integers(1, 250))
def test_a_partial_order_has_the_largest_values(values, count):
    indices = partial_order(values, count)
    assert len(set(indices.tolist())) == min(count, len(values))
    assert values[indices].tolist() == sorted(values.tolist(), reverse=True)[:count]


@given(few_values, st.integers(0, 250))
def test_the_first_of_an_order_do_not_depend_on_how_many_are_wanted(values, most):
    assert introsort_order(values, most).tolist() == introsort_order(values)[:most].tolist()
