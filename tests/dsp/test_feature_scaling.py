from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ei_runner_core import InvalidInputError, UnsupportedModelError, dsp

PIXELS = hnp.arrays(
    np.float32, st.tuples(st.integers(1, 20), st.just(3)), elements=st.floats(0, 1, width=32)
)
RANGES = {"NONE": (0, 1), "0_255": (0, 255), "MIN1_1": (-1, 1), "MIN128_127": (-128, 127)}


@pytest.mark.parametrize("scaling", RANGES)
@pytest.mark.parametrize("channels", [1, 3])
def test_black_and_white_become_the_ends_of_the_range(scaling, channels):
    black, white = RANGES[scaling]
    scaled = dsp.scale_image(np.float32([0, 1, 1, 0]), scaling, channels=channels)
    np.testing.assert_array_equal(scaled, [black, white, white, black])


@given(PIXELS)
def test_torch_scaling_standardises_each_channel(pixels):
    scaled = dsp.scale_image(pixels.reshape(-1), "TORCH").reshape(-1, 3)
    mean = np.array([0.485, 0.456, 0.406], np.float32)
    deviation = np.array([0.229, 0.224, 0.225], np.float32)
    np.testing.assert_array_equal(scaled, (pixels - mean) / deviation)


@given(PIXELS)
def test_bgr_scaling_swaps_the_channels_and_centres_them(pixels):
    scaled = dsp.scale_image(pixels.reshape(-1), "BGR_SUBTRACT_IMAGENET_MEAN").reshape(-1, 3)
    mean = np.array([103.939, 116.779, 123.68], np.float32)
    np.testing.assert_array_equal(scaled, pixels[:, ::-1] * np.float32(255) - mean)


@pytest.mark.parametrize("scaling", ["NONE", "TORCH", "BGR_SUBTRACT_IMAGENET_MEAN"])
def test_scaling_leaves_its_input_alone(scaling):
    features = np.full(6, 0.25, np.float32)
    scaled = dsp.scale_image(features, scaling)
    scaled[:] = 9
    np.testing.assert_array_equal(features, np.full(6, 0.25))


def test_an_unknown_scaling_is_refused_with_the_known_ones():
    with pytest.raises(InvalidInputError, match="'TURBO'; expected one of NONE, 0_255, TORCH"):
        dsp.scale_image(np.zeros(3, np.float32), "TURBO")


@pytest.mark.parametrize("scaling", ["TORCH", "BGR_SUBTRACT_IMAGENET_MEAN"])
def test_scalings_by_channel_need_three_channels(scaling):
    with pytest.raises(UnsupportedModelError, match="defined for RGB images only"):
        dsp.scale_image(np.zeros(3, np.float32), scaling, channels=1)
    with pytest.raises(InvalidInputError, match="4 features are not a multiple of 3"):
        dsp.scale_image(np.zeros(4, np.float32), scaling)


def test_normalised_features_have_mean_zero_and_deviation_one():
    features = np.random.default_rng(5).normal(7, 3, 500).astype(np.float32)
    mean, scale = np.full(500, features.mean()), np.full(500, 1 / features.std())
    normalised = dsp.normalize(features, mean, scale)
    assert normalised.dtype == np.float32
    assert abs(normalised.mean()) < 1e-5
    assert abs(normalised.std() - 1) < 1e-5


def test_a_mean_of_another_length_is_refused():
    with pytest.raises(InvalidInputError, match=r"shape \(3,\) with mean \(2,\) and scale \(3,\)"):
        dsp.normalize([1, 2, 3], [0, 0], [1, 1, 1])
