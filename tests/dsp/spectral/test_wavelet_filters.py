from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ei_runner_core import InvalidInputError
from ei_runner_core.dsp.spectral.wavelet_filters import NAMES, decomposition_filters
from ei_runner_core.dsp.spectral.wavelet_transform import WaveletTransform, component_lengths

ORTHOGONAL = [name for name in NAMES if "bio" not in name]
BIORTHOGONAL = [name for name in NAMES if "bio" in name]


def dual(name):
    """The wavelet whose decomposition filters are this one's reconstruction filters, reversed."""
    return {"bior": "rbio", "rbio": "bior"}.get(name[:4], name[:4]) + name[4:]


def even_shifts(first, second):
    """Inner products of two filters that are shifted by an even number of taps."""
    return np.correlate(first, second, "full")[(second.size - 1) % 2 :: 2]


def unit(values):
    expected = np.zeros(values.size)
    expected[values.size // 2] = 1
    return expected


def test_there_are_fifty_wavelets():
    assert len(NAMES) == len(set(NAMES)) == 50


@pytest.mark.parametrize("name", NAMES)
def test_a_filter_and_its_dual_are_orthogonal_to_all_even_shifts(name):
    low, high = decomposition_filters(name).astype(np.float64)
    other_low, other_high = decomposition_filters(dual(name)).astype(np.float64)
    for one, other in ((low, other_low), (high, other_high)):
        products = even_shifts(one, other)
        np.testing.assert_allclose(products, unit(products), atol=5e-7)
    np.testing.assert_allclose(even_shifts(low, other_high), 0, atol=5e-7)
    np.testing.assert_allclose(even_shifts(high, other_low), 0, atol=5e-7)


@pytest.mark.parametrize("name", NAMES)
def test_the_low_pass_keeps_a_constant_and_the_high_pass_removes_it(name):
    low, high = decomposition_filters(name).astype(np.float64)
    np.testing.assert_allclose(low.sum(), np.sqrt(2), rtol=1e-6)
    np.testing.assert_allclose(high.sum(), 0, atol=1e-6)


@pytest.mark.parametrize("moments", range(2, 11))
@pytest.mark.parametrize("family", ["db", "sym"])
def test_daubechies_wavelets_ignore_polynomials(family, moments):
    high = decomposition_filters(f"{family}{moments}")[1].astype(np.float64)
    assert high.size == 2 * moments
    grid = np.linspace(-1, 1, high.size)
    for power in range(moments):
        np.testing.assert_allclose((high * grid**power).sum(), 0, atol=2e-6)


def test_well_known_filters():
    root = np.sqrt(0.5)
    np.testing.assert_allclose(decomposition_filters("haar"), [[root, root], [-root, root]])
    spline = np.array([0, -1, 2, 6, 2, -1]) * np.sqrt(2) / 8
    np.testing.assert_allclose(decomposition_filters("bior2.2")[0], spline, rtol=1e-7)
    np.testing.assert_allclose(
        decomposition_filters("rbio3.1")[0], np.array([1, 3, 3, 1]) * np.sqrt(2) / 8, rtol=1e-7
    )


@pytest.mark.parametrize("name", ["db1", "db11", "bior1.1", "coif4", "dmey", "", "DB4"])
def test_other_wavelets_are_refused(name):
    with pytest.raises(InvalidInputError, match=f"no wavelet '{name}'; expected one of haar, db2"):
        decomposition_filters(name)


@given(st.sampled_from(ORTHOGONAL), st.integers(64, 200), st.integers(0, 2**32 - 1))
def test_one_level_is_the_convolution_of_the_mirrored_signal(name, samples, seed):
    filters = decomposition_filters(name)
    signal = np.random.default_rng(seed).normal(size=(2, samples)).astype(np.float32)
    transform = WaveletTransform(filters, 1, 2, samples)
    transform.compute(signal)
    border = filters.shape[1] - 1
    for axis in range(2):
        mirrored = np.pad(signal[axis].astype(np.float64), border, mode="symmetric")
        for component, taps in enumerate(filters):
            expected = np.convolve(mirrored, taps, "valid")[1::2]
            found = transform.components[component, axis]
            np.testing.assert_allclose(found[: expected.size], expected, atol=1e-5)


@pytest.mark.parametrize("name", BIORTHOGONAL[::3])
def test_deeper_levels_go_on_with_the_approximation(name):
    filters = decomposition_filters(name)
    signal = np.random.default_rng(5).normal(size=(3, 300)).astype(np.float32)
    deep = WaveletTransform(filters, 3, 3, 300)
    deep.compute(signal)
    for detail in (3, 2, 1):
        single = WaveletTransform(filters, 1, 3, signal.shape[1])
        single.compute(signal)
        signal, expected = single.components[:, :, : single.lengths[0]]
        np.testing.assert_array_equal(deep.components[detail, :, : expected.shape[1]], expected)
    np.testing.assert_array_equal(deep.components[0, :, : signal.shape[1]], signal)


def test_what_follows_a_component_is_zero():
    transform = WaveletTransform(decomposition_filters("db4"), 3, 1, 300)
    for seed in range(2):
        transform.compute(np.random.default_rng(seed).normal(size=(1, 300)).astype(np.float32))
    assert transform.lengths == component_lengths(300, 8, 3) == [43, 43, 80, 153]
    for row, length in zip(transform.components[:, 0], transform.lengths, strict=True):
        assert not row[length:].any()
        assert row[:length].any()
