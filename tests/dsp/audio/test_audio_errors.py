"""Impossible settings and windows: one clear error each, quickly and without much memory."""

from __future__ import annotations

import numpy as np
import pytest

from ei_runner_core import InvalidInputError, UnsupportedModelError, dsp

IMPOSSIBLE = [
    ("mfe", {"fft_length": 255}, "fft_length is 255, expected an even number"),
    ("mfe", {"fft_length": 0}, "fft_length is 0"),
    ("mfe", {"fft_length": 2**40}, "'fft_length' of the mfe block is 1099511627776"),
    ("mfe", {"num_filters": 0}, "num_filters is 0"),
    ("mfe", {"num_filters": 10**9}, "'num_filters' of the mfe block is 1000000000"),
    ("mfe", {"high_frequency": 8001}, "high_frequency 8001 Hz does not fit: at 16000 Hz"),
    ("mfe", {"low_frequency": 4000, "high_frequency": 3000}, "low_frequency 4000"),
    ("mfe", {"low_frequency": -1}, "low_frequency -1"),
    ("mfe", {"noise_floor_db": 12}, "noise_floor_db is 12, expected less than 12"),
    ("mfe", {"win_size": -1}, "'win_size' of the mfe block is -1"),
    ("mfe", {"win_size": 65_535, "num_filters": 4096}, "win_size is 65535, expected at most 1024"),
    ("mfe", {"frame_length": 0}, "frame_length is 0 s"),
    ("mfe", {"frame_length": 3e38}, "frame_length is 3e.38 s"),
    ("mfe", {"frame_stride": -0.01}, "frame_stride is -0.01 s, which is -160 samples"),
    ("mfe", {"frame_stride": float("nan")}, "'frame_stride' of the mfe block is nan"),
    ("mfe", {"frame_strid": 0.01}, "no field 'frame_strid'"),
    ("mfcc", {"num_filters": 33}, "num_filters is 33, expected an even number"),
    ("mfcc", {"num_filters": 0, "num_cepstral": 0}, "num_cepstral is 0"),
    ("mfcc", {"num_cepstral": 33}, "num_cepstral is 33, expected 1 to 32"),
    ("mfcc", {"high_frequency": 9000}, "high_frequency 9000"),
    ("mfcc", {"fft_length": 31}, "fft_length is 31"),
    ("mfcc", {"pre_shift": 0}, "pre_shift is 0, expected at least 1 sample"),
    ("mfcc", {"pre_shift": -1}, "'pre_shift' of the mfcc block is -1"),
    ("mfcc", {"pre_cof": "much"}, "'pre_cof' of the mfcc block is 'much'"),
    ("spectrogram", {"fft_length": 7}, "fft_length is 7"),
    ("spectrogram", {"noise_floor_db": 40}, "noise_floor_db is 40"),
    ("spectrogram", {"frame_stride": 1e-9}, "frame_stride is 1e-09 s"),
]

BLOCKS = ("mfe", "mfcc", "spectrogram")


def create(block, config=(), version=4, frequency=16_000, **more):
    return dsp.create(block, dict(config), version=version, frequency=frequency, **more)


@pytest.mark.parametrize(("block", "config", "message"), IMPOSSIBLE)
def test_an_impossible_config_is_one_clear_error(block, config, message):
    with pytest.raises(InvalidInputError, match=message) as error:
        create(block, config)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("block", ["mfe", "mfcc"])
def test_a_version_that_does_not_exist_is_unsupported(block):
    with pytest.raises(UnsupportedModelError, match=f"version 5 of {block} is not known"):
        create(block, version=5)


@pytest.mark.parametrize("block", BLOCKS)
def test_several_axes_are_refused(block):
    with pytest.raises(InvalidInputError, match="one axis, got 2"):
        create(block, axis_count=2)


@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("frequency", [0, 0.5, 1e30])
def test_a_rate_that_makes_no_sense_is_refused(block, frequency):
    with pytest.raises(InvalidInputError):
        create(block, frequency=frequency)


@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("version", [1, 2, 3, 4])
def test_a_window_without_a_frame_names_the_length_needed(block, version):
    config = {"frame_length": 0.02, "frame_stride": 0.01}
    needed = 480 if version == 1 else 320
    for samples in (0, 1, 100, needed - 1):
        with pytest.raises(InvalidInputError, match=f"{samples} samples, .* at least {needed} "):
            create(block, config, version).extract(np.zeros(samples, np.float32))
    assert create(block, config, version).extract(np.ones(needed, np.float32)).size


@pytest.mark.parametrize("block", BLOCKS)
def test_absurdly_many_frames_are_refused_before_they_take_memory(block):
    config = {"frame_length": 0.02, "frame_stride": 1e-4, "fft_length": 65_536}
    window = np.zeros(60_000, np.float32)
    with pytest.raises(InvalidInputError, match="frames of fft_length 65536 are too many"):
        create(block, config).extract(window)
    with pytest.raises(InvalidInputError, match="too many"):
        create(block, config, n_outputs=create(block, config).output_size(50_000)).extract_slice(
            window
        )


def test_a_signal_shorter_than_the_shift_of_the_emphasis_is_refused():
    with pytest.raises(InvalidInputError, match=r"expected at least pre_shift \(600\)"):
        create("mfcc", {"pre_shift": 600}).extract(np.zeros(400, np.float32))


def test_an_output_array_of_another_size_is_refused():
    with pytest.raises(InvalidInputError, match="room for 7 features"):
        create("mfe").extract_into(np.zeros(4000, np.float32), np.zeros(7, np.float32))
    with pytest.raises(InvalidInputError, match="room for 7 features"):
        create("mfe", n_outputs=400).features_into(np.zeros(7, np.float32))
