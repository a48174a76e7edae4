"""What MFE, MFCC and spectrogram promise about streams."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ei_runner_core import InvalidInputError, UnsupportedModelError, dsp
from ei_runner_core.dsp.audio.streaming import Carry

RATE = 8000
BLOCKS = {
    "mfe": {"num_filters": 16, "fft_length": 128},
    "mfcc": {"num_filters": 16, "fft_length": 128, "num_cepstral": 8, "win_size": 0},
    "spectrogram": {"fft_length": 64},
}
COLUMNS = {"mfe": 16, "mfcc": 8, "spectrogram": 33}
FRAMES = {"frame_length": 0.02, "frame_stride": 0.01}  # 160 samples every 80
STREAMS = [(b, v) for b in BLOCKS for v in (1, 2, 3, 4) if v > 1 or b == "mfcc"]

streaming = pytest.mark.parametrize(("block", "version"), STREAMS)
all_blocks = pytest.mark.parametrize("block", BLOCKS)


def plan(block, version=4, frames=9, **changes):
    config = FRAMES | BLOCKS[block] | changes
    n_outputs = frames and frames * COLUMNS[block]
    return dsp.create(block, config, version=version, frequency=RATE, n_outputs=n_outputs)


def noise(samples, seed=0, level=0.3):
    return np.random.default_rng(seed).normal(0, level, samples).astype(np.float32)


def rows(values, block):
    return values.reshape(-1, COLUMNS[block])


def test_only_version_1_of_mfe_and_spectrogram_needs_whole_windows():
    able = {(b, v) for b in BLOCKS for v in (1, 2, 3, 4) if plan(b, v).can_stream}
    assert able == set(STREAMS)


@pytest.mark.parametrize("block", ["mfe", "spectrogram"])
def test_version_1_refuses_slices(block):
    with pytest.raises(UnsupportedModelError, match=f"version of {block} cannot work on slices"):
        plan(block, 1).extract_slice(noise(400))


@pytest.mark.parametrize("version", [2, 3, 4])
@given(seed=st.integers(0, 99), strides=st.integers(2, 12), count=st.integers(1, 6))
def test_slices_of_a_spectrogram_have_the_rows_of_the_whole_signal(version, seed, strides, count):
    signal = noise(80 * strides * count, seed, 0.1)  # nothing loud: version 3 rescales that
    whole = plan("spectrogram", 4, frames=None).extract(signal)
    stream = plan("spectrogram", version, frames=80)
    for piece in np.split(signal, count):
        stream.push_slice(piece)
    assert stream.streamed == whole.size
    unnormalized = stream.rolling[-len(rows(whole, "spectrogram")) :]
    levels = (10 * np.log10(unnormalized) + 52) / 64
    np.testing.assert_allclose(np.maximum(levels, 0), rows(whole, "spectrogram"), rtol=0, atol=2e-3)


@streaming
@given(seed=st.integers(0, 99), strides=st.integers(3, 12), count=st.integers(2, 5))
def test_frames_without_the_start_of_a_slice_are_those_of_the_whole_signal(
    block, version, seed, strides, count
):
    if block == "mfe" and version == 2:
        return  # scaled to the range of all rows
    signal = noise(80 * strides * count, seed, 2000)
    if (block, version) == ("spectrogram", 2):
        signal[0] = 1e6  # makes the range the same
    whole = rows(plan(block, max(2, version), frames=None).extract(signal), block)
    stream = plan(block, version, frames=len(whole))
    for piece in np.split(signal, count):
        features = stream.extract_slice(piece)
    inner = [i for i in range(len(whole)) if i % strides not in (0, strides - 1)]
    np.testing.assert_allclose(rows(features, block)[inner], whole[inner], rtol=0, atol=5e-3)


@streaming
def test_the_stream_does_not_touch_slices_or_share_state(block, version):
    pieces = noise(1600).reshape(4, 400)
    pieces.flags.writeable = False
    first, second = plan(block, version), plan(block, version)
    answers = [first.extract_slice(piece) for piece in pieces]
    kept = [answer.copy() for answer in answers]
    for piece, answer, copy in zip(pieces, answers, kept, strict=True):
        np.testing.assert_array_equal(second.extract_slice(piece), answer)
        np.testing.assert_array_equal(answer, copy)
    assert answers[0].shape == (9 * COLUMNS[block],)


@streaming
def test_windows_in_between_do_not_disturb_the_stream(block, version):
    pieces = noise(1600).reshape(4, 400)
    alone, mixed = plan(block, version), plan(block, version)
    for piece in pieces:
        mixed.extract(noise(800, 1))
        np.testing.assert_array_equal(alone.extract_slice(piece), mixed.extract_slice(piece))


@all_blocks
def test_streamed_counts_the_features_since_the_last_reset(block):
    stream = plan(block)
    counts = []
    for piece in noise(1200).reshape(3, 400):
        stream.extract_slice(piece)
        counts.append(stream.streamed // COLUMNS[block])
    assert counts == [4, 9, 14]
    stream.reset()
    assert stream.streamed == 0
    assert stream.push_slice(noise(400)) == 4 * COLUMNS[block]


@all_blocks
def test_reset_forgets_the_carried_samples_and_keeps_the_rolling_matrix(block):
    stream, fresh = plan(block), plan(block)
    stream.push_slice(noise(400, 1))
    old = stream.rolling.copy()
    stream.reset()
    np.testing.assert_array_equal(stream.rolling, old)
    for part in (stream, fresh):
        part.push_slice(noise(400, 2))
    np.testing.assert_array_equal(stream.rolling[-4:], fresh.rolling[-4:])
    np.testing.assert_array_equal(stream.rolling[-8:-4], old[-4:])


@all_blocks
def test_what_no_slice_has_reached_is_zero(block):
    stream = plan(block)
    stream.push_slice(noise(400))
    np.testing.assert_array_equal(stream.rolling[:-4], 0)
    assert stream.rolling[-4:].all()


def test_the_rolling_matrix_can_only_be_read():
    with pytest.raises(ValueError, match="read-only"):
        plan("mfe").rolling[:] = 1


@all_blocks
def test_a_slice_with_more_frames_than_a_window_is_refused_and_leaves_no_trace(block):
    stream = plan(block)
    with pytest.raises(InvalidInputError, match="49 frames, a whole window only 9"):
        stream.push_slice(noise(4000))
    assert stream.streamed == 0
    assert stream.push_slice(noise(800)) == 9 * COLUMNS[block]


def test_each_slice_is_emphasised_as_a_ring_of_its_own():
    def last_rows(second):
        stream = plan("mfcc")
        stream.push_slice(noise(400, 1))
        stream.push_slice(second)
        return stream.rolling[-5:].copy()

    piece = noise(439, 2)
    changed = piece.copy()
    changed[-1] += 5
    different = (last_rows(piece) != last_rows(changed)).any(axis=1)
    np.testing.assert_array_equal(different, [True, True, False, False, False])


def test_frames_across_slices_vanish_where_their_length_is_rounded_up():
    stream = dsp.create(
        "spectrogram",
        {"frame_length": 0.0213, "frame_stride": 0.0107, "fft_length": 32},
        version=4,
        frequency=11_000,
        n_outputs=40 * 17,
    )
    counts = [stream.push_slice(noise(2750, k)) // 17 for k in range(6)]
    assert counts == [22, 21, 21, 22, 21, 21]


def shared_counts(first, second):
    second.carry = first.carry
    pieces = noise(1600).reshape(4, 400)
    return [(first.push_slice(p) // 16, second.push_slice(p) // 8) for p in pieces]


def test_blocks_with_equal_frames_continue_with_each_others_samples():
    first, second = plan("mfe"), plan("mfcc")
    assert shared_counts(first, second) == [(4, 5), (5, 5), (5, 5), (5, 5)]
    alone = plan("mfcc")
    alone.push_slice(noise(400))
    assert not np.array_equal(alone.rolling, second.rolling)


def test_blocks_with_other_frames_empty_a_shared_carry():
    first, second = plan("mfe"), plan("mfcc", frame_length=0.03)
    assert shared_counts(first, second) == [(4, 3)] * 4


def test_a_carry_forgets_samples_for_frames_of_another_length():
    carry = Carry()
    carry.keep(noise(5), 160)
    assert carry.samples_for(160).size == 5
    assert carry.samples_for(200).size == 0


@all_blocks
def test_slices_need_a_declared_number_of_outputs(block):
    with pytest.raises(InvalidInputError, match="only when n_outputs"):
        plan(block, frames=None).extract_slice(noise(400))


def test_the_declared_outputs_must_be_whole_frames():
    stream = dsp.create("mfe", {}, version=4, frequency=RATE, n_outputs=41)
    with pytest.raises(InvalidInputError, match="n_outputs is 41, but mfe gives 40 features"):
        stream.extract_slice(noise(400))


@all_blocks
def test_a_stride_longer_than_the_frame_is_refused_in_slices(block):
    stream = plan(block, frame_length=0.01, frame_stride=0.02)
    with pytest.raises(InvalidInputError, match="frames of 80 samples every 160"):
        stream.extract_slice(noise(400))


@all_blocks
def test_a_slice_that_is_too_short_leaves_no_trace(block):
    stream, other = plan(block), plan(block)
    for part in (stream, other):
        part.push_slice(noise(400))
    with pytest.raises(InvalidInputError, match="the slice has 60 samples"):
        stream.extract_slice(noise(60))
    for part in (stream, other):
        part.push_slice(noise(400, 3))
    np.testing.assert_array_equal(stream.rolling, other.rolling)
    assert stream.streamed == other.streamed


def test_only_mfcc_counts_carried_samples_for_the_length_of_a_slice():
    for block in BLOCKS:
        stream = plan(block)
        stream.push_slice(noise(400))
        if block == "mfcc":
            assert stream.push_slice(noise(100)) == 8
        else:
            with pytest.raises(InvalidInputError, match="needs at least 160"):
                stream.push_slice(noise(100))


@given(lengths=st.lists(st.integers(80, 500), min_size=1, max_size=8))
def test_slices_of_any_length_lose_no_frame(lengths):
    stream = plan("mfcc")
    try:
        for k, length in enumerate(lengths):
            stream.push_slice(noise(length, k))
    except InvalidInputError:
        return
    assert stream.streamed == 8 * max(0, (sum(lengths) - 160) // 80 + 1)
