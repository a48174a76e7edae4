from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import signal

from ei_runner_core import InvalidInputError, dsp
from ei_runner_core.dsp.spectral.butterworth import Butterworth

BANDS = [("low", 10.0), ("high", 25.0), ("low", 49.0), ("high", 1.0)]


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize(("kind", "cutoff"), BANDS)
@pytest.mark.parametrize("order", [2, 4, 6, 8])
def test_even_orders_are_those_of_scipy(kind, cutoff, order):
    window = noise(3, 300)
    sections = signal.butter(order, cutoff, kind, output="sos", fs=100)
    expected = signal.sosfilt(sections, window.astype(np.float64))
    filtered = Butterworth(kind, order, cutoff, 100).apply(window)
    assert filtered.dtype == np.float32
    np.testing.assert_allclose(filtered, expected, atol=2e-4)


@given(st.integers(1, 4), st.floats(1, 45, width=32), st.integers(0, 2**32 - 1))
def test_the_filter_adds_up_like_the_recursion_it_stands_for(half, cutoff, seed):
    order = 2 * half + 1  # the real pole of an odd order is left out
    window = noise(1, 40, seed=seed)
    expected = window[0].astype(np.float64)
    warped = np.tan(np.pi * cutoff / 100)
    for i in range(half):
        middle = 2 * warped * np.sin(np.pi * (2 * i + 1) / (2 * order))
        total = warped**2 + middle + 1
        denominator = [1, -2 * (1 - warped**2) / total, (warped**2 - middle + 1) / total]
        expected = signal.lfilter(warped**2 / total * np.array([1, 2, 1]), denominator, expected)
    np.testing.assert_allclose(
        Butterworth("low", order, cutoff, 100).apply(window)[0], expected, atol=1e-3
    )


def test_axes_are_filtered_each_on_its_own():
    window = noise(4, 64)
    low = Butterworth("low", 6, 12.0, 100)
    together = low.apply(window)
    for axis in range(4):
        np.testing.assert_array_equal(together[axis : axis + 1], low.apply(window[axis : axis + 1]))


def test_the_filter_leaves_its_input_alone():
    window = noise(2, 50)
    before = window.copy()
    Butterworth("high", 4, 12.0, 100).apply(window)
    np.testing.assert_array_equal(window, before)


@pytest.mark.parametrize("version", [1, 2, 3, 4])
@pytest.mark.parametrize("kind", ["low", "high"])
def test_a_band_above_half_the_frequency_is_refused(version, kind):
    config = {"filter_type": kind, "filter_cutoff": 51.0, "filter_order": 2}
    with pytest.raises(
        InvalidInputError, match=r"'filter_cutoff' .* is 51 Hz, expected at most 50"
    ):
        dsp.create("spectral_analysis", config, version=version, frequency=100.0)


def test_decimation_lowers_the_highest_cutoff():
    config = {"filter_type": "low", "filter_cutoff": 20.0, "input_decimation_ratio": 3}
    with pytest.raises(InvalidInputError, match="is 20 Hz, expected at most 16.6667"):
        dsp.create("spectral_analysis", config, version=4, frequency=100.0)
    dsp.create("spectral_analysis", config, version=3, frequency=100.0)  # does not decimate


def test_order_zero_picks_bins_and_filters_nothing():
    window = noise(400)
    config = {"filter_type": "low", "filter_cutoff": 200.0, "filter_order": 0, "fft_length": 32}
    low = dsp.extract("spectral_analysis", window, config, version=2, frequency=100.0)
    every = dsp.extract("spectral_analysis", window, {"fft_length": 32}, version=2, frequency=100.0)
    np.testing.assert_array_equal(low, every)


@pytest.mark.parametrize("frequency", [1 / 3, 3.3, 119.04762, 62.5])
def test_a_high_pass_at_half_the_frequency_lets_nothing_through(frequency):
    # in float64 such a rate is a little off, and the filter no longer silent
    config = {"filter_type": "high", "filter_cutoff": frequency / 2, "filter_order": 4}
    samples = np.random.default_rng(0).normal(0, 10, 200).astype(np.float32)
    features = dsp.extract("spectral_analysis", samples, config, version=4, frequency=frequency)
    np.testing.assert_array_equal(features[:3], [0, 0, -3])
