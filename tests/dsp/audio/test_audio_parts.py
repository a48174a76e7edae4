"""The parts of the audio blocks against plain loops."""

from __future__ import annotations

import platform

import numpy as np
import pytest
import scipy.fft
from hypothesis import given
from hypothesis import strategies as st

from ei_runner_core.dsp.audio.cmvn import SlidingNormalizer, scale_to_unit_range
from ei_runner_core.dsp.audio.constant_spectrum import constant_spectrum
from ei_runner_core.dsp.audio.cosine import CosineTransform
from ei_runner_core.dsp.audio.decibels import round_to_steps
from ei_runner_core.dsp.audio.filterbanks import coded_filterbank, filterbank
from ei_runner_core.dsp.audio.framing import Part, slice_framing, window_framing
from ei_runner_core.dsp.audio.preemphasis import Preemphasis
from ei_runner_core.dsp.audio.spectrum import PowerSpectrum, replace_zeros

SEEDS = st.integers(0, 10_000)


def noise(seed, *shape):
    return np.random.default_rng(seed).normal(0, 1, shape).astype(np.float32)


def bank_fields(filters, fft_length, low=0, high=0):
    return {
        "num_filters": filters,
        "fft_length": fft_length,
        "low_frequency": low,
        "high_frequency": high,
    }


def dense(bank, bins):
    return bank(np.eye(bins, dtype=np.float32))


@pytest.mark.parametrize(
    ("version", "samples", "expected"),
    [(1, 100.4, 100), (1, 100.5, 101), (2, 100.4, 101), (2, 100.0005, 100), (4, 100.002, 101)],
)
def test_frames_are_rounded_as_their_version_does(version, samples, expected):
    framing = window_framing(version, samples / 1000, samples / 1000, 1000)
    assert (framing.length, framing.stride) == (expected, expected)


def test_frames_across_slices_are_cut_to_whole_samples():
    framing = slice_framing(0.0213, 0.0107, 11_000)
    assert (framing.length, framing.stride) == (234, 117)


@given(
    version=st.integers(1, 4),
    length=st.integers(1, 40),
    stride=st.integers(1, 40),
    samples=st.integers(0, 200),
)
def test_all_frames_that_fit_are_taken_but_the_last_one_in_version_1(
    version, length, stride, samples
):
    framing = window_framing(version, length, stride, 1)
    starts = range(0, samples - length + 1, stride)
    if version > 1:
        assert framing.count(samples) == len(starts)
    else:
        assert framing.count(samples) == max(0, samples - length) // stride
    assert framing.count(framing.shortest) == 1
    assert framing.count(framing.shortest - 1) == 0


def test_frames_are_a_view_with_one_column_each():
    signal = np.arange(10, dtype=np.float32)
    framing = window_framing(4, 4, 3, 1)
    columns = Part(signal, framing, framing.count(10)).columns()
    np.testing.assert_array_equal(columns.T, [[0, 1, 2, 3], [3, 4, 5, 6], [6, 7, 8, 9]])
    assert np.shares_memory(columns, signal)


@given(seed=SEEDS, shift=st.integers(1, 20), size=st.integers(20, 60))
def test_preemphasis_takes_the_signal_for_a_ring(seed, shift, size):
    signal = noise(seed, size)
    part = np.float32(0.9) * np.roll(signal, shift)
    np.testing.assert_array_equal(Preemphasis(0.9, shift)(signal), signal - part, strict=True)


@given(seed=SEEDS, half=st.integers(1, 150), samples=st.integers(1, 300))
def test_the_power_spectrum_is_the_textbooks(seed, half, samples):
    frames = noise(seed, samples, 5)
    expected = np.abs(np.fft.rfft(frames.astype(np.float64), 2 * half, axis=0)) ** 2 / (2 * half)
    power = PowerSpectrum(2 * half)(frames)
    assert power.dtype == np.float32
    np.testing.assert_allclose(power, expected, rtol=1e-4, atol=1e-5 * expected.max())


def test_only_exact_zeros_are_replaced():
    values = np.float32([0, 1e-20, -0.0, 3])
    np.testing.assert_array_equal(replace_zeros(values), np.float32([1e-10, 1e-20, 1e-10, 3]))


@pytest.mark.skipif(
    platform.machine() not in ("x86_64", "AMD64"), reason="compilers fuse multiply-adds elsewhere"
)
@given(seed=SEEDS, filters=st.integers(1, 30), version=st.integers(1, 4))
def test_filters_add_their_bins_in_float32_in_the_order_of_the_sdk(seed, filters, version):
    bank = filterbank(bank_fields(filters, 128), version, 16_000)
    weights = dense(bank, 65)
    power = noise(seed, 65, 3) ** 2
    for frame, energies in zip(power.T, bank(power).T, strict=True):
        for row, energy in zip(weights, energies, strict=True):
            peak = int(row.argmax())
            total = frame[peak]
            for k in np.flatnonzero(row):
                if k != peak:
                    total += row[k] * frame[k]
            assert energy == total


def test_a_filter_has_its_peak_even_without_sides():
    weights = dense(filterbank(bank_fields(80, 64), 4, 16_000), 33)
    np.testing.assert_array_equal(weights.max(axis=1), np.ones(80))


def test_an_old_filter_without_sides_is_empty():
    weights = dense(coded_filterbank(bank_fields(80, 64), 1, 16_000), 33)
    assert 0 in weights.max(axis=1)
    assert weights.max() == 1


def test_below_version_4_filters_see_the_lower_half_of_the_spectrum_from_300_hz_on():
    def seen(version, low):
        weights = dense(filterbank(bank_fields(20, 512, low), version, 16_000), 257)
        return np.flatnonzero(weights.any(axis=0))

    assert seen(4, 0).max() == 255
    assert seen(3, 0).max() == 127
    np.testing.assert_array_equal(seen(3, 0), seen(3, 300))
    assert seen(4, 0).min() < seen(4, 300).min()


def test_the_last_edge_lies_just_below_the_highest_frequency():
    weights = dense(filterbank(bank_fields(10, 998, 0, 4000), 4, 8000), 500)
    assert np.flatnonzero(weights[-1]).max() == 498


def test_old_weights_are_rounded_to_those_with_a_code():
    weights = dense(coded_filterbank(bank_fields(4, 2048, 100), 2, 16_000), 1025)
    values = np.unique(weights[weights > 0])
    codes = {np.float32(k / 100) for k in range(101)}
    codes |= {np.float32(a / b) for b in range(1, 23) for a in range(b + 1)}
    assert set(values) <= codes
    assert values.size > 50


def naive_window_means(matrix, rows):
    before = (rows - 1) // 2
    padded = np.pad(matrix, ((before, rows - 1 - before), (0, 0)), mode="symmetric")
    windows = [padded[i : i + rows] for i in range(len(matrix))]
    sums = [np.add.accumulate(window)[-1] for window in windows]
    return np.array(sums, np.float32) / np.float32(rows), windows


@given(
    seed=SEEDS,
    rows=st.integers(1, 40),
    columns=st.integers(2, 5),
    window=st.integers(1, 60),
    offset=st.sampled_from([0, 1, 1000]),
)
def test_window_statistics_are_sums_in_float32_from_left_to_right(
    seed, rows, columns, window, offset
):
    matrix = noise(seed, rows, columns) + np.float32(offset)
    means, _ = naive_window_means(matrix, window)
    centred, out = matrix - means, np.empty_like(matrix)
    SlidingNormalizer(window, columns, variance=False)(matrix, out)
    np.testing.assert_array_equal(out, centred)
    means, windows = naive_window_means(centred, window)
    squares = [np.square(w - m) for w, m in zip(windows, means, strict=True)]
    variances = np.array([np.add.accumulate(s)[-1] for s in squares]) / np.float32(window)
    expected = (centred / (np.sqrt(variances).astype(np.float64) + 1e-10)).astype(np.float32)
    SlidingNormalizer(window, columns, variance=True)(matrix, out)
    np.testing.assert_array_equal(out, expected)


def test_long_windows_are_summed_in_tiles_without_a_difference():
    matrix = noise(1, 60, 20)
    whole, part = np.empty((60, 20), np.float32), np.empty((60, 10), np.float32)
    SlidingNormalizer(4001, 20, variance=True)(matrix, whole)
    SlidingNormalizer(4001, 10, variance=True)(matrix[:, 5:15], part)
    np.testing.assert_array_equal(part, whole[:, 5:15])


@given(seed=SEEDS, half=st.integers(1, 25))
def test_the_cosine_transform_is_orthonormal_and_of_the_second_kind(seed, half):
    columns = noise(seed, 2 * half, 4)
    expected = scipy.fft.dct(columns.astype(np.float64), norm="ortho", axis=0)
    result = CosineTransform(2 * half, 2 * half)(columns)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, expected, atol=1e-5)


def test_a_constant_column_has_one_coefficient():
    coefficients = CosineTransform(32, 13)(np.full((32, 2), -23.02585, np.float32))
    np.testing.assert_array_equal(coefficients[1:], 0)


@given(half=st.integers(1, 60), value=st.floats(-30, 30, width=32))
def test_the_spectrum_of_a_constant_is_its_sum_and_residues_of_rounding(half, value):
    spectrum = constant_spectrum(2 * half, value)
    assert spectrum.shape == (half + 1,)
    assert spectrum[0] == pytest.approx(2 * half * value, rel=1e-5)
    np.testing.assert_allclose(spectrum[1:], 0, atol=1e-4 * abs(value) + 1e-30)


@pytest.mark.parametrize("length", [2, 4, 6, 8, 12, 16, 24, 32, 36, 48, 54, 64, 72, 128])
def test_without_other_factors_than_2_and_3_a_constant_leaves_no_residue(length):
    np.testing.assert_array_equal(constant_spectrum(length, -23.02585)[1:], 0)


@given(seed=SEEDS, length=st.sampled_from([10, 14, 20, 22, 26, 40, 42, 60, 70]))
def test_the_coefficients_of_a_constant_are_those_of_its_column(seed, length):
    value = noise(seed, 1)[0]
    transform = CosineTransform(length, length)
    column = transform(np.full((length, 1), value, np.float32))
    np.testing.assert_allclose(transform.of_constant(value), column, atol=1e-5 * abs(value) + 1e-9)


def test_values_are_rounded_to_256_steps_with_halves_up():
    values = np.float32([-1, 0, 0.4999999, 0.5, 1.5, 2.5, 255.4, 255.5, 300]) / np.float32(256)
    round_to_steps(values)
    np.testing.assert_array_equal(values * 256, [0, 0, 0, 1, 2, 3, 255, 256, 256])


def test_nearly_flat_values_are_only_shifted():
    flat = np.float32([2, 2.0005])
    steep = np.float32([2, 4, 3])
    scale_to_unit_range(flat)
    scale_to_unit_range(steep)
    np.testing.assert_array_equal(flat, [0, np.float32(2.0005) - 2])
    np.testing.assert_array_equal(steep, [0, 1, 0.5])
