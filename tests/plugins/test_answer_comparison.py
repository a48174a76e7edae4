"""Comparing what one engine answers with what another one does."""

from __future__ import annotations

import numpy as np
import pytest

from ei_runner_core import TensorSpec
from ei_runner_core.authoring import make_negative, make_noise, make_trials, worst_difference

SPECS = (
    TensorSpec("floats", (2, 3), "float32"),
    TensorSpec("steps", (64,), "int8"),
    TensorSpec("places", (64,), "int64"),
    TensorSpec("flags", (64,), "bool"),
    TensorSpec("number", (), "float16"),
)
NAN, INFINITE = float("nan"), float("inf")


def test_noise_has_the_shapes_and_types_of_a_network_and_is_the_same_each_time():
    first, again = make_noise(SPECS), make_noise(SPECS)

    assert [(each.shape, each.dtype.name) for each in first] == [
        (spec.shape, spec.dtype) for spec in SPECS
    ]
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, other)
    assert np.ptp(first[1].astype(int)) > 128
    assert set(first[2].tolist()) == {0, 1}


def test_what_is_negative_leaves_whole_numbers_alone():
    noise = make_noise(SPECS)
    negative = make_negative(noise)

    assert negative[0].max() < 0
    np.testing.assert_array_equal(np.abs(negative[0]), np.abs(noise[0]))
    for one, other in zip(negative[1:4], noise[1:4], strict=True):
        np.testing.assert_array_equal(one, other)


def test_trials_hold_what_the_engine_answers():
    noisy, negative = make_trials(SPECS[:1], lambda arrays: [2 * arrays[0]])

    np.testing.assert_array_equal(noisy.expected[0], 2 * noisy.inputs[0])
    np.testing.assert_array_equal(negative.inputs[0], -np.abs(noisy.inputs[0]))


def test_there_are_no_trials_of_random_answers():
    numbers = np.random.default_rng(1)

    assert make_trials(SPECS[:1], lambda _: [numbers.normal(size=(2, 3))]) == []


@pytest.mark.parametrize(
    ("own", "expected", "found"),
    [
        ([1, 4], [1, 5], (0.2, 4, 5)),
        ([1, NAN], [1, 5], (INFINITE, NAN, 5)),
        ([1, INFINITE], [1, 5], (INFINITE, INFINITE, 5)),
        ([1, 2], [1, NAN], (0, 1, 1)),
        ([1], [NAN], (0, 0, 0)),
        ([], [], (0, 0, 0)),
        ([1, 2, 3], [1, 2], (INFINITE, 3, 2)),
        ([1e-6], [0], (1e-3, 1e-6, 0)),
    ],
)
def test_the_worst_value_counts_by_its_share_of_the_largest(own, expected, found):
    assert worst_difference(np.array(own), np.array(expected)) == pytest.approx(found, nan_ok=True)


def test_a_scale_can_be_given_for_outputs_that_use_little_of_it():
    own, expected = np.array([3], np.int8), np.array([-5], np.int8)

    assert worst_difference(own, expected, least_scale=256).share == 8 / 256
