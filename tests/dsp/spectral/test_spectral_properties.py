from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ei_runner_core import dsp

SAMPLES = 128
KINDS = {
    "v1": (1, {"spectral_power_edges": "1, 5, 20"}),
    "v2": (2, {}),
    "v4": (4, {"extra_low_freq": True}),
    "filtered": (3, {"filter_type": "low", "filter_cutoff": 20, "filter_order": 4}),
    "wavelet": (4, {"analysis_type": "Wavelet", "wavelet_level": 2}),
}
every_kind = pytest.mark.parametrize("kind", KINDS)
SEEDS = st.integers(0, 2**32 - 1)


def noise(axes, seed=0, samples=SAMPLES):
    return np.random.default_rng(seed).normal(size=(samples, axes)).astype(np.float32)


def plan(kind, axes, **changes):
    version, config = KINDS[kind]
    return dsp.create(
        "spectral_analysis",
        config | changes,
        version=version,
        frequency=100.0,
        axis_count=axes,
    )


def features(kind, window, **changes):
    """Shape (spectra, axes, features of one)."""
    values = plan(kind, window.shape[1], **changes).extract(window.reshape(-1))
    spectra = 2 if kind == "v4" else 1
    return values.reshape(spectra, window.shape[1], -1)


@every_kind
@given(seed=SEEDS, order=st.permutations(range(3)))
def test_axes_that_change_places_take_their_features_along(kind, seed, order):
    window = noise(3, seed)
    moved = features(kind, np.ascontiguousarray(window[:, order]))
    # the FFT may work on several rows at once, in another order
    np.testing.assert_allclose(moved, features(kind, window)[:, order], rtol=1e-4, atol=1e-4)


@every_kind
@given(seed=SEEDS, shift=st.integers(-3, 3))
def test_the_level_of_a_signal_does_not_matter(kind, seed, shift):
    if kind == "filtered":
        return  # the filter's first output knows the level
    window = np.round(noise(2, seed) * 64) / 64
    level = np.float32(shift / 4)
    here, there = features(kind, window), features(kind, window + level)
    if kind == "v4":  # the decimated copy starts from the first sample
        here, there = here[:1], there[:1]
    if kind == "wavelet":  # a sample may fall into the next bin of the histogram
        here, there = here.reshape(-1, 14)[:, 1:], there.reshape(-1, 14)[:, 1:]
    np.testing.assert_allclose(there, here, rtol=1e-2, atol=2e-2)


@every_kind
@given(seed=SEEDS, power=st.integers(-3, 3))
def test_a_scale_in_the_config_is_a_scale_of_the_window(kind, seed, power):
    window, scale = noise(2, seed), 2.0**power
    np.testing.assert_array_equal(
        features(kind, window, scale_axes=scale), features(kind, window * np.float32(scale))
    )


@given(seed=SEEDS, power=st.integers(-3, 3))
def test_skewness_and_kurtosis_do_not_depend_on_the_scale(seed, power):
    window = noise(2, seed)
    here, there = features("v2", window), features("v2", window * np.float32(2.0**power))
    np.testing.assert_array_equal(there[..., 1:3], here[..., 1:3])
    np.testing.assert_array_equal(there[..., 0], here[..., 0] * np.float32(2.0**power))


@given(seed=SEEDS)
def test_the_statistics_are_those_of_the_textbook(seed):
    window = noise(1, seed).astype(np.float64)
    found = features("v2", window.astype(np.float32))[0, 0, :3]
    expected = window.std(), stats.skew(window[:, 0]), stats.kurtosis(window[:, 0])
    np.testing.assert_allclose(found, expected, atol=1e-4)


@given(seed=SEEDS, overlap=st.booleans(), samples=st.integers(1, 200))
def test_the_spectrum_keeps_the_largest_power_of_all_segments(seed, overlap, samples):
    length, window = 32, noise(1, seed, samples)
    found = features("v2", window, fft_length=length, do_fft_overlap=overlap, do_log=False)
    centered = window[:, 0].astype(np.float64) - window.mean(dtype=np.float64)
    padded = np.pad(centered, (0, length))
    starts = range(0, samples, length // 2 if overlap else length)
    spectra = [np.abs(np.fft.rfft(padded[start : start + length])) ** 2 for start in starts]
    largest = np.max(spectra, axis=0)[1:] / length
    np.testing.assert_allclose(found[0, 0, 3:], largest, rtol=1e-3, atol=1e-4)


def test_sums_run_from_left_to_right_in_float32():
    window = noise(1, 4, 5000) + np.float32(500)
    total = np.float32(0)
    for value in window[:, 0]:
        total += value
    centered = window[:, 0] - total / np.float32(5000)
    total = np.float32(0)
    for value in centered:
        total += value * value
    assert features("v2", window)[0, 0, 0] == np.sqrt(total / np.float32(5000))


@pytest.mark.parametrize("version", [2, 3, 4])
def test_a_flat_signal_has_a_kurtosis_of_minus_three(version):
    window = np.zeros(100, np.float32)
    found = dsp.extract("spectral_analysis", window, {}, version=version)
    shape = [0, 0, -3] + [0, -3] * (version == 4)
    np.testing.assert_array_equal(found[: len(shape)], shape)
    np.testing.assert_allclose(found[len(shape) :], -10, atol=1e-3)


def test_a_flat_signal_has_flat_wavelets():
    found = features("wavelet", np.zeros((SAMPLES, 1), np.float32)).reshape(-1, 14)
    np.testing.assert_array_equal(found, np.tile([0] * 13 + [-3], (3, 1)))


def test_versions_two_and_three_are_the_same():
    window = noise(1).reshape(-1)
    second, third = (dsp.extract("spectral_analysis", window, {}, version=v) for v in (2, 3))
    np.testing.assert_array_equal(second, third)


@pytest.mark.parametrize("version", [1, 2, 3, 4])
def test_wavelets_are_the_same_in_all_versions(version):
    config, window = KINDS["wavelet"][1], noise(1).reshape(-1)
    found = dsp.extract("spectral_analysis", window, config, version=version)
    np.testing.assert_array_equal(found, features("wavelet", noise(1)).reshape(-1))


def test_a_list_of_all_axes_is_no_permutation():
    window = noise(3).reshape(-1)
    every, permuted = (
        dsp.extract("spectral_analysis", window, {}, version=2, axes=axes, axis_count=3)
        for axes in (None, [2, 0, 1])
    )
    np.testing.assert_array_equal(permuted, every)


def test_the_first_version_finds_a_tone_and_its_power():
    times = np.arange(200) / 100
    window = 3 * np.sin(2 * np.pi * 12.5 * times)
    config = {
        "fft_length": 200,
        "spectral_peaks_count": 2,
        "spectral_power_edges": "0, 10, 15, 60",
    }
    found = dsp.extract("spectral_analysis", window, config, version=1, frequency=100.0)
    rms, frequency, amplitude, *no_peak = found[:5]
    assert rms == pytest.approx(3 / np.sqrt(2), rel=1e-5)
    assert frequency == pytest.approx(25 * 50 / 99, rel=1e-6)  # not quite 12.5: see PeakFinder
    assert amplitude == pytest.approx(3, rel=1e-5)
    assert no_peak == [0, 0]
    below, band, above = found[5:]
    assert band == pytest.approx(9 / 2 / (100 / 200) / 10 / 10, rel=1e-4)  # one bin of ten
    assert max(below, above) < 1e-9


@given(seed=SEEDS, count=st.integers(0, 20))
def test_peaks_come_from_the_highest_to_the_lowest(seed, count):
    changes = {"fft_length": 64, "spectral_peaks_count": count, "spectral_peaks_threshold": 0.15}
    found = features("v1", noise(2, seed), **changes)[0]
    frequencies, amplitudes = found[:, 1 : 1 + 2 * count : 2], found[:, 2 : 1 + 2 * count : 2]
    assert (np.diff(amplitudes, axis=1) <= 0).all()
    assert ((amplitudes == 0) | (amplitudes >= np.float32(0.15))).all()
    np.testing.assert_array_equal(frequencies == 0, amplitudes == 0)


@every_kind
def test_windows_may_change_their_length(kind):
    block = plan(kind, 2)
    for samples in (200, 300, 200):
        window = noise(2, samples=samples).reshape(-1)
        np.testing.assert_array_equal(block.extract(window), plan(kind, 2).extract(window))


@every_kind
def test_a_plan_leaves_the_window_alone_and_remembers_nothing(kind):
    block, window = plan(kind, 2), noise(2).reshape(-1)
    before = window.copy()
    first = block.extract(window)
    block.extract(100 * window)
    np.testing.assert_array_equal(block.extract(window), first)
    np.testing.assert_array_equal(window, before)


@every_kind
def test_huge_values_overflow_quietly(kind):
    features(kind, np.float32(3e38) * np.sign(noise(1)))
