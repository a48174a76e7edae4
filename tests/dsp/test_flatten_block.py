from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ei_runner_core import InvalidInputError, dsp

NAMES = ("average", "minimum", "maximum", "rms", "stdev", "skewness", "kurtosis")
FLOATS = st.floats(-1000, 1000, width=32, allow_subnormal=False)


def only(*names, **more):
    return {name: name in names for name in NAMES} | more


@given(
    window=hnp.arrays(np.float32, st.integers(2, 20).map(lambda n: 3 * n), elements=FLOATS),
    enabled=st.sets(st.sampled_from(NAMES), min_size=1),
)
def test_a_subset_of_the_statistics_is_a_subset_of_the_features(window, enabled):
    everything = dsp.extract("flatten", window, {}, axis_count=3).reshape(3, 7)
    some = dsp.extract("flatten", window, only(*enabled), axis_count=3)
    kept = [name in enabled for name in NAMES]
    np.testing.assert_array_equal(some, everything[:, kept].reshape(-1))


@given(hnp.arrays(np.float32, st.integers(2, 30).map(lambda n: 2 * n), elements=FLOATS))
def test_axes_do_not_mix(window):
    both = dsp.extract("flatten", window, {}, axis_count=2).reshape(2, 7)
    for axis in range(2):
        alone = dsp.extract("flatten", np.ascontiguousarray(window[axis::2]), {})
        np.testing.assert_array_equal(both[axis], alone)


@given(
    window=hnp.arrays(np.int16, st.integers(2, 50), elements=st.integers(-500, 500)),
    shift=st.integers(-500, 500),
)
def test_a_shift_moves_the_level_and_keeps_the_shape(window, shift):
    here = dsp.extract("flatten", window, {})
    there = dsp.extract("flatten", window + shift, {})
    np.testing.assert_array_equal(there[1:3], here[1:3] + shift)
    np.testing.assert_allclose(there[0], here[0] + shift, atol=1e-3)
    np.testing.assert_allclose(there[4], here[4], atol=2e-2)
    if here[4] > 1:
        np.testing.assert_allclose(there[5:], here[5:], rtol=1e-2, atol=1e-2)


@given(hnp.arrays(np.float32, st.integers(2, 200), elements=st.floats(-9, 9, width=32)))
def test_the_statistics_are_those_of_the_textbook(window):
    features = dsp.extract("flatten", window, {})
    exact = window.astype(np.float64)
    expected = [exact.mean(), exact.min(), exact.max(), np.sqrt((exact**2).mean()), exact.std()]
    np.testing.assert_allclose(features[:5], expected, rtol=1e-4, atol=2e-5)
    if (deviation := exact.std()) > 0.1:
        standard = (exact - exact.mean()) / deviation
        shape = [(standard**3).mean(), (standard**4).mean() - 3]
        np.testing.assert_allclose(features[5:], shape, rtol=1e-2, atol=1e-2)


def test_a_flat_signal_has_no_skewness_and_a_kurtosis_of_minus_three():
    np.testing.assert_array_equal(
        dsp.extract("flatten", np.full(10, 4.0), {}), [4, 4, 4, 4, 0, 0, -3]
    )


def test_sums_run_from_left_to_right_in_float32():
    window = np.random.default_rng(3).normal(2000, 1, 5000).astype(np.float32)
    total = np.float32(0)
    for value in window:
        total += value
    assert dsp.extract("flatten", window, only("average"))[0] == total / np.float32(5000)


def test_huge_values_overflow_quietly():
    features = dsp.extract("flatten", np.array([3e38, -3e38, 3e38], np.float32), {})
    assert features[3] == np.inf


def test_the_moving_average_runs_over_the_last_windows():
    plan = dsp.create("flatten", only("minimum", moving_avg_num_windows=3), axis_count=2)
    levels = [(1, 10), (2, 20), (6, 60), (4, 40), (8, 80)]
    answers = [plan.extract(np.array(2 * level, np.float32)) for level in levels]
    first_axis = [answer[1] for answer in answers]
    np.testing.assert_array_equal(first_axis, [1, 1.5, 3, 4, 6])
    np.testing.assert_array_equal([answer[3] for answer in answers], np.multiply(first_axis, 10))
    np.testing.assert_array_equal([answer[0] for answer in answers], [a for a, _ in levels])


def test_reset_forgets_earlier_windows():
    plan = dsp.create("flatten", only(moving_avg_num_windows=4), n_outputs=1)
    plan.extract(np.full(4, 100, np.float32))
    plan.reset()
    assert plan.extract(np.full(4, 3, np.float32)) == [3]
    dsp.create("flatten", {}).reset()


def test_two_plans_share_no_memory():
    first, second = (dsp.create("flatten", only(moving_avg_num_windows=2)) for _ in range(2))
    first.extract(np.full(4, 100, np.float32))
    assert second.extract(np.full(4, 3, np.float32)) == [3]


def test_windows_may_change_their_length():
    plan = dsp.create("flatten", {})
    for length in (5, 9, 5):
        window = np.arange(length, dtype=np.float32)
        np.testing.assert_array_equal(plan.extract(window), dsp.extract("flatten", window, {}))


def test_another_number_of_outputs_than_declared_is_refused():
    message = r"gives 21 features \(7 statistics of 3 axes\), but 20 outputs are declared"
    with pytest.raises(InvalidInputError, match=message):
        dsp.create("flatten", {}, axis_count=3, n_outputs=20)


def test_no_statistic_at_all_is_refused():
    with pytest.raises(InvalidInputError, match="every statistic turned off"):
        dsp.create("flatten", only())


def test_an_output_array_of_another_size_is_refused():
    plan = dsp.create("flatten", {})
    with pytest.raises(InvalidInputError, match="room for 6 features, the window gives 7"):
        plan.extract_into(np.zeros(4, np.float32), np.zeros(6, np.float32))
