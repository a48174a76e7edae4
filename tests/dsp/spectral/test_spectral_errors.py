from __future__ import annotations

import re
import time
import tracemalloc

import numpy as np
import pytest

from ei_runner_core import InvalidInputError, UnsupportedModelError, dsp

WAVELET = {"analysis_type": "Wavelet"}


def create(config, version=4, frequency=100.0, **keywords):
    return dsp.create("spectral_analysis", config, version=version, frequency=frequency, **keywords)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"fft_length": 45}, "'fft_length' .* is 45, expected an even number from 2"),
        ({"fft_length": 0}, "'fft_length' .* is 0, expected an even number"),
        ({"fft_length": 10**9}, "'fft_length' .* is 1000000000, expected a number from 0 to 65534"),
        ({"fft_length": -2}, "expected a number from 0"),
        ({"filter_type": "band"}, "'filter_type' .* is 'band', expected 'none' or 'low' or 'high'"),
        ({"filter_order": -1}, "'filter_order' .* is -1"),
        ({"filter_order": 10**9}, "'filter_order' .* is 1000000000, expected a number from 0"),
        ({"filter_cutoff": float("nan")}, "'filter_cutoff' .* expected a finite number"),
        ({"filter_type": "low", "filter_cutoff": -1}, "is -1, expected a frequency of at least 0"),
        ({"input_decimation_ratio": 7}, "is 7, expected one of 1, 3, 10, 30, 100, 1000"),
        ({"input_decimation_ratio": 0}, "is 0, expected one of 1, 3"),
        ({"input_decimation_ratio": "3"}, "is '3', expected one of 1, 3"),
        ({"analysis_type": "DCT"}, "'analysis_type' .* is 'DCT', expected 'FFT' or 'Wavelet'"),
        ({"analysis_type": ""}, "no analysis_type, expected 'FFT' or 'Wavelet' in version 4"),
        (WAVELET | {"wavelet": "db11"}, "there is no wavelet 'db11'"),
        (WAVELET | {"wavelet_level": 0}, "'wavelet_level' .* is 0, expected at least 1"),
        (WAVELET | {"wavelet_level": 10**6}, "'wavelet_level' .* expected a number from 0 to 255"),
        ({"do_log": 1}, "'do_log' .* is 1, expected true or false"),
        ({"spectral_power_edges": [1, 2]}, "expected a text of numbers"),
        ({"peaks": 3}, "has no field 'peaks'"),
    ],
)
def test_an_impossible_config_is_one_clear_error(config, message):
    with pytest.raises(InvalidInputError, match=message) as caught:
        create(config)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "edges", ["1, two", "", "1,,2", "1, nan", "1, inf", "1;2", "1, 1e300", ",".join("1" * 256)]
)
def test_power_edges_that_are_not_numbers_are_refused(edges):
    with pytest.raises(InvalidInputError, match="'spectral_power_edges' .* expected frequencies"):
        create({"spectral_power_edges": edges}, version=1)
    create({"spectral_power_edges": edges}, version=2)  # has no use for them


@pytest.mark.parametrize("version", [5, 7, 1000])
@pytest.mark.parametrize("config", [{}, WAVELET])
def test_an_unknown_version_is_refused(version, config):
    message = rf"version {version} of spectral_analysis is not known \(1 to 4\)"
    with pytest.raises(UnsupportedModelError, match=message):
        create(config, version=version)


@pytest.mark.parametrize(
    ("config", "version", "given"),
    [({}, 1, 33), ({}, 2, 33), ({}, 4, 39), (WAVELET, 4, 84), ({"extra_low_freq": True}, 4, 78)],
)
def test_another_number_of_outputs_than_declared_is_refused(config, version, given):
    create(config, version=version, axis_count=3, n_outputs=given)
    with pytest.raises(InvalidInputError, match=f"gives {given} features .* but 40 outputs"):
        create(config, version=version, axis_count=3, n_outputs=40)


@pytest.mark.parametrize("level", [1, 2, 5, 255])
def test_a_window_that_is_too_short_for_its_wavelets_is_refused(level):
    block = create(WAVELET | {"wavelet_level": level})
    with pytest.raises(InvalidInputError, match=f"has 63 samples .* at least {32 << level} for"):
        block.extract(np.zeros(63, np.float32))


@pytest.mark.parametrize("size", [0, 100, 301])
def test_a_window_without_whole_samples_is_refused(size):
    with pytest.raises(InvalidInputError, match=f"the window has {size} values"):
        create({}, axis_count=3).extract(np.zeros(size, np.float32))


def test_an_output_of_another_size_is_refused():
    with pytest.raises(InvalidInputError, match="room for 12 features, the window gives 13"):
        create({}).extract_into(np.zeros(100, np.float32), np.empty(12, np.float32))


@pytest.mark.parametrize("frequency", [0, 1e-9, 1e12])
@pytest.mark.parametrize(
    ("config", "version"),
    [({}, 1), ({"filter_type": "low"}, 2), (WAVELET | {"filter_type": "low"}, 2)],
)
def test_a_frequency_that_is_needed_must_be_one(config, version, frequency):
    message = re.escape(f"the sampling frequency is {frequency:g} Hz, but the spectral_analysis")
    with pytest.raises(InvalidInputError, match=message):
        create(config, version=version, frequency=frequency)


def test_a_frequency_that_is_not_needed_may_be_missing():
    assert create({}, version=2, frequency=0).extract(np.ones(50, np.float32)).size == 11


@pytest.mark.parametrize(
    ("config", "version", "axes"),
    [
        ({"fft_length": 65534}, 2, 10**9),
        ({"fft_length": 65534}, 4, 1000),
        ({"fft_length": 65534, "spectral_power_edges": ",".join(["0", "9e9"] * 127)}, 1, 32),
        ({"fft_length": 2, "spectral_peaks_count": 10**9}, 1, 1),
    ],
)
def test_what_would_take_too_much_memory_is_refused_at_once(config, version, axes):
    tracemalloc.start()
    started = time.perf_counter()
    try:
        with pytest.raises(InvalidInputError):
            create(config, version=version, axis_count=axes)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 64 * 2**20
    assert time.perf_counter() - started < 1


def test_the_first_version_came_before_the_kinds_of_analysis():
    window = np.random.default_rng(0).normal(size=100)
    answers = [
        create(config, version=1).extract(window.astype(np.float32))
        for config in ({}, {"analysis_type": ""})
    ]
    np.testing.assert_array_equal(*answers)


def test_one_edge_has_no_power_beside_it():
    config = {"spectral_power_edges": "5"}
    assert create(config, version=1).extract(np.ones(100, np.float32)).size == 1 + 2 * 3
