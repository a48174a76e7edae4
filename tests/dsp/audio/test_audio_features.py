"""What MFE, MFCC and spectrogram promise about whole windows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ei_runner_core import InvalidInputError, dsp

RATE = 8000
BLOCKS = {
    "mfe": {"num_filters": 16, "fft_length": 128},
    "mfcc": {"num_filters": 16, "fft_length": 128, "num_cepstral": 8},
    "spectrogram": {"fft_length": 64},
}
VERSIONS = [(block, version) for block in BLOCKS for version in (1, 2, 3, 4)]
FRAMES = {"frame_length": 0.02, "frame_stride": 0.01}  # 160 samples every 80

all_versions = pytest.mark.parametrize(("block", "version"), VERSIONS)


def plan(block, version, n_outputs=None, rate=RATE, **changes):
    config = FRAMES | BLOCKS[block] | changes
    return dsp.create(block, config, version=version, frequency=rate, n_outputs=n_outputs)


def noise(seed=0, samples=800, level=1000):
    return np.random.default_rng(seed).normal(0, level, samples).astype(np.float32)


def tone(hertz, samples=800, level=3000):
    return (level * np.sin(2 * np.pi * hertz * np.arange(samples) / RATE)).astype(np.float32)


@all_versions
def test_a_window_is_only_read_and_calls_do_not_depend_on_each_other(block, version):
    window, other = noise(), noise(1, 960)
    window.flags.writeable = False
    block_plan = plan(block, version)
    first = block_plan.extract(window)
    kept = first.copy()
    block_plan.extract(other)
    np.testing.assert_array_equal(first, kept)
    np.testing.assert_array_equal(block_plan.extract(window), kept)
    np.testing.assert_array_equal(plan(block, version).extract(window), kept)


@all_versions
def test_a_window_of_any_real_type_and_layout_gives_the_same(block, version):
    window = np.round(noise())
    expected = plan(block, version).extract(window)
    for variant in (window.astype(np.float64), np.repeat(window, 2)[::2], window.astype(np.int16)):
        np.testing.assert_array_equal(plan(block, version).extract(variant), expected)


@all_versions
def test_the_number_of_features_is_that_of_frames_times_columns(block, version):
    columns = {"mfe": 16, "mfcc": 8, "spectrogram": 33}[block]
    frames = 8 if version == 1 else 9
    assert plan(block, version).output_size(800) == frames * columns
    assert plan(block, version).extract(noise()).shape == (frames * columns,)


@all_versions
def test_outputs_that_no_frame_fills_are_zero(block, version):
    natural = plan(block, version).extract(noise())
    roomy = plan(block, version, n_outputs=natural.size + 10).extract(noise())
    np.testing.assert_array_equal(roomy[: natural.size], natural)
    np.testing.assert_array_equal(roomy[natural.size :], 0)


@all_versions
def test_more_features_than_declared_are_refused(block, version):
    size = plan(block, version).output_size(800)
    with pytest.raises(InvalidInputError, match=f"gives {size} features.*{size - 1} outputs"):
        plan(block, version, n_outputs=size - 1).extract(noise())


@all_versions
def test_equal_frames_give_equal_rows(block, version):
    window = np.tile(noise(2, 80), 10)
    normalized = {"win_size": 0} if block == "mfcc" else {}
    features = plan(block, version, **normalized).extract(window)
    rows = features.reshape(8 if version == 1 else 9, -1)
    np.testing.assert_allclose(rows, np.tile(rows[0], (len(rows), 1)), atol=2e-4)


@all_versions
def test_silence_and_overflow_are_quiet(block, version):
    silence = plan(block, version).extract(np.zeros(800, np.float32))
    assert np.isfinite(silence).all()
    if block != "mfcc":
        np.testing.assert_array_equal(silence, 0)
    plan(block, version).extract(np.float32([3e38, -3e38] * 400))


def test_silent_frames_leave_the_residues_that_the_sdk_leaves():
    config = {"num_filters": 26, "num_cepstral": 26, "win_size": 0}
    window = np.zeros(3200, np.float32)
    window[2000:-1] = noise(samples=1199)  # the last one is paired with the first one
    rows = dsp.extract("mfcc", window, config, version=4, frequency=16_000).reshape(-1, 26)
    silent = (rows == rows[0]).all(axis=1)
    assert 3 <= silent.sum() < len(rows)
    assert 1e-8 < np.abs(rows[0, 1:]).max() < 1e-5


@pytest.mark.parametrize("version", [1, 2, 3, 4])
def test_mfcc_of_silence_is_the_same_rounding_residue_in_all_rows(version):
    rows = plan("mfcc", version).extract(np.zeros(800, np.float32)).reshape(-1, 8)
    np.testing.assert_array_equal(rows, np.tile(rows[0], (len(rows), 1)))
    np.testing.assert_array_equal(rows[:, 1:], 0)


@pytest.mark.parametrize("block", BLOCKS)
def test_frames_longer_than_the_fft_are_cut(block):
    window = np.zeros(160, np.float32)
    window[: BLOCKS[block]["fft_length"]] = noise(3, BLOCKS[block]["fft_length"])
    other = window.copy()
    other[-20:-1] = 500  # the last one is the neighbour of the first
    plain = {} if block == "spectrogram" else {"win_size": 0}
    first, second = (plan(block, 4, **plain).extract(w) for w in (window, other))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("version", [3, 4])
def test_the_first_sample_is_emphasised_by_the_last_one_of_the_window(version):
    window = noise()
    changed = window.copy()
    changed[-1] += 20_000
    rows = [plan("mfe", version).extract(w).reshape(9, 16) for w in (window, changed)]
    different = np.flatnonzero((rows[0] != rows[1]).any(axis=1))
    assert 0 in different
    assert set(different) <= {0, 8}


@pytest.mark.parametrize("version", [3, 4])
@given(seed=st.integers(0, 99), level=st.floats(0.1, 30_000))
def test_mfe_is_in_steps_of_1_256_from_0_to_1(version, seed, level):
    features = plan("mfe", version).extract(noise(seed, 400, level))
    np.testing.assert_array_equal(features * 256, np.round(features * 256))
    assert features.min() >= 0
    assert features.max() <= 1


@pytest.mark.parametrize("version", [3, 4])
def test_mfe_of_a_loud_signal_reaches_1_and_stays_there(version):
    assert plan("mfe", version).extract(noise(level=1e9)).min() == 1


@pytest.mark.parametrize("version", [1, 2])
def test_old_mfe_is_scaled_to_the_range_of_the_window(version):
    features = plan("mfe", version).extract(noise())
    assert (features.min(), features.max()) == (0, 1)
    raw = plan("mfe", version, win_size=0).extract(noise())
    assert raw.max() > 1000


@pytest.mark.parametrize("block", ["mfe", "mfcc"])
def test_low_frequency_0_means_300_hz_below_version_4(block):
    for version in (1, 2, 3, 4):
        default = plan(block, version).extract(noise())
        explicit = plan(block, version, low_frequency=300).extract(noise())
        assert np.array_equal(default, explicit) == (version < 4)


@pytest.mark.parametrize("block", ["mfe", "mfcc"])
def test_version_4_hears_the_upper_half_of_the_spectrum(block):
    def response(version):
        low, high = (
            plan(block, version, win_size=0).extract(signal).reshape(9, -1)[:, 1:]
            for signal in (noise(9, level=1), noise(9, level=1) + tone(3500))
        )
        return np.abs(high - low).max()

    assert response(4) > 1.5 * response(3)


def test_version_3_of_spectrogram_rescales_loud_frames_one_by_one():
    quiet, loud = noise(4, 400, 0.05), noise(5, 400, 5000)
    window = np.concatenate((quiet, loud))
    rows = plan("spectrogram", 3).extract(window).reshape(9, 33)
    alone = plan("spectrogram", 3).extract(quiet).reshape(4, 33)
    np.testing.assert_allclose(rows[:4], alone, atol=1e-5)
    rescaled = plan("spectrogram", 4).extract(loud / np.float32(32768)).reshape(4, 33)
    np.testing.assert_allclose(rows[5:], rescaled, atol=1e-5)


def test_a_frame_is_loud_because_of_a_sample_that_the_fft_does_not_see():
    window = noise(6, 160, 0.05)
    louder = window.copy()
    louder[-1] = 2
    assert (plan("spectrogram", 3).extract(louder) < plan("spectrogram", 3).extract(window)).any()


def test_only_version_4_of_spectrogram_has_no_upper_limit():
    assert plan("spectrogram", 3).extract(noise(level=1e9)).max() == 1
    assert plan("spectrogram", 4).extract(noise()).max() > 1


def test_later_versions_of_spectrogram_are_taken_for_version_4():
    np.testing.assert_array_equal(
        plan("spectrogram", 7).extract(noise()), plan("spectrogram", 4).extract(noise())
    )


def test_a_fractional_rate_frames_exactly_and_must_agree_with_the_whole_one():
    changes = {"frame_length": 0.32, "frame_stride": 0.16, "fft_length": 32}
    assert plan("spectrogram", 4, rate=62.5, **changes).output_size(250) == 24 * 17
    with pytest.raises(InvalidInputError, match="cut to a whole number of Hz"):
        plan("spectrogram", 4, rate=1.9, frame_length=8, frame_stride=4).output_size(100)


def test_a_spectrogram_leaves_later_blocks_what_its_frames_cover():
    assert plan("spectrogram", 4).consumed(850) == 8 * 80 + 160
    assert plan("mfe", 4).consumed(850) == 850


@pytest.mark.parametrize("block", BLOCKS)
def test_a_stride_longer_than_the_frame_is_legal_in_windows(block):
    features = plan(block, 4, frame_length=0.01, frame_stride=0.02).extract(noise())
    assert features.size == {"mfe": 16, "mfcc": 8, "spectrogram": 33}[block] * 5


@pytest.mark.parametrize("block", BLOCKS)
def test_one_axis_of_several_can_be_chosen(block):
    window = noise()
    both = np.stack((noise(7), window), axis=1).reshape(-1)
    keywords = {"version": 4, "frequency": RATE}
    chosen = dsp.extract(block, both, FRAMES | BLOCKS[block], axes=[1], axis_count=2, **keywords)
    np.testing.assert_array_equal(chosen, plan(block, 4).extract(window))


def test_the_first_coefficient_is_the_logarithm_of_the_energy():
    window = noise()
    rows = plan("mfcc", 4, win_size=0, pre_cof=0).extract(window).reshape(9, 8)
    frame = np.fft.rfft(window[:128].astype(np.float64))
    assert rows[0, 0] == pytest.approx(np.log((np.abs(frame) ** 2).sum() / 128), abs=1e-4)


@pytest.mark.parametrize("version", [1, 4])
def test_mfcc_is_standardised_over_its_window(version):
    rows = plan("mfcc", version, win_size=1001).extract(noise(8, 4000)).reshape(-1, 8)
    assert np.abs(rows.mean(axis=0)).max() < 0.15
    assert np.abs(rows.std(axis=0) - 1).max() < 0.15
