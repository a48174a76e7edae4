from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ei_runner_core import dsp

FLOATS = st.floats(-1e6, 1e6, width=32)


@given(hnp.arrays(np.float32, st.integers(1, 40), elements=FLOATS))
def test_raw_without_a_scale_is_the_window(window):
    np.testing.assert_array_equal(dsp.extract("raw", window, {}), window)


def test_the_features_are_a_copy_of_the_window():
    window = np.ones(4, np.float32)
    dsp.create("raw", {}).extract(window)[:] = 7
    np.testing.assert_array_equal(window, np.ones(4))


def test_raw_stops_at_the_declared_number_of_outputs():
    window = np.arange(6, dtype=np.float32)
    np.testing.assert_array_equal(dsp.extract("raw", window, {}, n_outputs=4), window[:4])
    np.testing.assert_array_equal(dsp.extract("raw", window, {}, n_outputs=9), window)


def test_what_raw_has_no_value_for_is_zero():
    out = np.full(5, 9, np.float32)
    plan = dsp.create("raw", {"scale_axes": 2}, n_outputs=5)
    plan.extract_into(np.ones(3, np.float32), out)
    np.testing.assert_array_equal(out, [2, 2, 2, 0, 0])


def test_the_scale_is_one_of_float32():
    window = np.array([3.0], np.float32)
    features = dsp.extract("raw", window, {"scale_axes": 0.1})
    assert features[0] == np.float32(3) * np.float32(0.1)


@pytest.mark.parametrize(
    ("scale", "value", "expected"), [(1e30, -1e30, -np.inf), (0, np.inf, np.nan)]
)
def test_what_overflows_is_quiet(scale, value, expected):
    features = dsp.extract("raw", np.array([value, 0], np.float32), {"scale_axes": scale})
    np.testing.assert_array_equal(features, [expected, 0])
