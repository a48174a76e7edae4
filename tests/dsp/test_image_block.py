from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ei_runner_core import InvalidInputError, dsp
from ei_runner_core.images import pack

GREY = {"channels": "Grayscale"}
IMAGES = hnp.arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3)))
EDGES = np.array([0, 1, 0xFF, 0x100, 0xFF00, 0x10000, 0xFF0000, 0xFFFFFF], np.float32)


@given(IMAGES)
def test_a_packed_image_comes_back_as_bytes_over_255(rgb):
    features = dsp.extract("image", pack(rgb), {}, n_outputs=rgb.size)
    np.testing.assert_array_equal(features, rgb.reshape(-1) / np.float32(255))


@given(IMAGES)
def test_grey_is_the_weighted_sum_in_float32(rgb):
    red, green, blue = (rgb.reshape(-1, 3) / np.float32(255)).T
    weights = np.array([0.299, 0.587, 0.114], np.float32)
    expected = weights[0] * red + weights[1] * green + weights[2] * blue
    np.testing.assert_array_equal(dsp.extract("image", pack(rgb), GREY), expected)


@pytest.mark.parametrize("config", [{}, GREY])
@pytest.mark.parametrize(
    "value", [-1, -1e-30, 0x1000000, 2.0**31, 2.0**32, 1e38, np.inf, -np.inf, np.nan]
)
def test_a_number_that_is_no_pixel_is_refused_with_its_place(config, value):
    window = np.zeros(6, np.float32)
    window[4] = value
    with pytest.raises(InvalidInputError, match=r"pixel 4 is .*, expected a number from 0 to"):
        dsp.extract("image", window, config)
    with pytest.raises(InvalidInputError, match="pixel 4 is"):
        dsp.quantize_image(window, config, scale=1 / 255, zero_point=-128)


def test_edge_pixels_and_negative_zero_are_pixels():
    features = dsp.extract("image", np.append(EDGES, np.float32(-0.0)), {})
    octets = np.rint(features * 255).astype(int).reshape(-1, 3)
    packed = octets @ [0x10000, 0x100, 1]
    np.testing.assert_array_equal(packed, [*EDGES, 0])


def test_fractions_of_a_pixel_are_cut_off():
    np.testing.assert_array_equal(dsp.extract("image", [255.9], {}), [0, 0, 1])


@pytest.mark.parametrize(("config", "outputs"), [({}, 12), (GREY, 4)])
@pytest.mark.parametrize("pixels", [0, 1, 3, 5, 12])
def test_a_window_of_another_length_than_declared_is_refused(config, outputs, pixels):
    with pytest.raises(InvalidInputError, match=f"the window has {pixels} pixels, expected 4"):
        dsp.extract("image", np.zeros(pixels), config, n_outputs=outputs)


def test_outputs_that_are_no_whole_pixels_are_refused():
    with pytest.raises(InvalidInputError, match="three features a pixel, but 10 outputs"):
        dsp.create("image", {"channels": "RGB"}, n_outputs=10)


@pytest.mark.parametrize("config", [{}, GREY])
def test_an_empty_image_is_refused(config):
    with pytest.raises(InvalidInputError, match="the window has 0 pixels, expected at least 1"):
        dsp.extract("image", [], config)


@pytest.mark.parametrize("config", [{}, GREY])
def test_without_a_declaration_images_may_change_their_size(config):
    plan = dsp.create("image", config)
    for pixels in (4, 9, 4):
        window = np.arange(pixels, dtype=np.float32) * 70000
        np.testing.assert_array_equal(plan.extract(window), dsp.extract("image", window, config))


def test_the_features_of_one_image_survive_the_next():
    plan = dsp.create("image", {})
    first = plan.extract(np.full(2, 0xFFFFFF, np.float32))
    plan.extract(np.zeros(2, np.float32))
    np.testing.assert_array_equal(first, np.ones(6))


def test_an_image_output_of_another_size_is_refused():
    plan = dsp.create("image", {})
    with pytest.raises(InvalidInputError, match="room for 4 features, the window gives 12"):
        plan.extract_into(np.zeros(4, np.float32), np.zeros(4, np.float32))
