from __future__ import annotations

import numpy as np
import pytest
from scipy import signal

from ei_runner_core import dsp
from ei_runner_core.dsp.spectral.decimation import Decimator


def tone(frequency, samples=3000, rate=1000):
    return np.sin(2 * np.pi * frequency * np.arange(samples) / rate)[None].astype(np.float32)


@pytest.mark.parametrize("ratio", [3, 10])
@pytest.mark.parametrize("samples", [1, 7, 100, 1001])
def test_one_stage_is_the_chebyshev_filter_and_every_nth_sample(ratio, samples):
    window = np.random.default_rng(1).normal(size=(2, samples)).astype(np.float32)
    sections = signal.cheby1(8, 0.05, 0.8 / ratio, output="sos")
    start = signal.sosfilt_zi(sections)[:, None, :] * window[:, :1]
    expected = signal.sosfilt(sections, window.astype(np.float64), zi=start)[0][:, ::ratio]
    decimator = Decimator(ratio)
    decimated = decimator.apply(window.copy())
    assert decimated.shape == (2, decimator.length(samples))
    np.testing.assert_allclose(decimated, expected, atol=1e-3)


@pytest.mark.parametrize("ratio", [3, 10])
def test_slow_waves_pass_and_fast_ones_do_not(ratio):
    settled = slice(100, None)
    nyquist = 500 / ratio
    slow, fast = (Decimator(ratio).apply(tone(share * nyquist)) for share in (0.2, 1.5))
    assert np.abs(slow[:, settled]).max() > 0.98
    assert np.abs(fast[:, settled]).max() < 0.01


@pytest.mark.parametrize(("ratio", "stages"), [(3, 1), (10, 1), (30, 2), (100, 2), (1000, 3)])
def test_a_constant_loses_at_most_the_ripple_of_each_stage(ratio, stages):
    decimated = Decimator(ratio).apply(np.full((1, 500), 9.81, np.float32))
    assert 9.81 * 10 ** (-0.05 / 20 * stages) - 1e-3 < decimated.min()
    assert decimated.max() < 9.81


@pytest.mark.parametrize(("ratio", "length"), [(30, 600), (100, 600), (1000, 600)])
def test_several_stages_leave_stale_samples_behind_as_in_the_sdk(ratio, length):
    assert Decimator(ratio).length(6000) == length
    assert Decimator(ratio).apply(tone(1.0, 6000)).shape == (1, length)


def test_the_first_samples_of_several_stages_are_right_and_the_others_stale():
    window = tone(0.4, 6000)
    decimated = Decimator(100).apply(window.copy())
    properly = Decimator(10).apply(Decimator(10).apply(window.copy()).copy())
    np.testing.assert_allclose(decimated[:, :60], properly, atol=1e-5)
    assert decimated.shape[1] == 10 * properly.shape[1]


def test_decimation_changes_nothing_for_wavelets():
    window = np.random.default_rng(2).normal(size=200)
    plain = {"analysis_type": "Wavelet"}
    decimated = plain | {"input_decimation_ratio": 10, "extra_low_freq": True}
    answers = [
        dsp.extract("spectral_analysis", window, config, version=4, frequency=100.0)
        for config in (plain, decimated)
    ]
    np.testing.assert_array_equal(*answers)


def test_the_extra_low_frequencies_follow_all_axes():
    window = np.random.default_rng(3).normal(size=2000)
    answers = [
        dsp.extract(
            "spectral_analysis",
            window,
            {"extra_low_freq": extra},
            version=4,
            frequency=100.0,
            axis_count=2,
        )
        for extra in (False, True)
    ]
    np.testing.assert_array_equal(answers[1][: answers[0].size], answers[0])
    assert answers[1].size == 2 * answers[0].size
