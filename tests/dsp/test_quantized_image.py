from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ei_runner_core import InvalidInputError, dsp
from ei_runner_core.images import pack

GREY = {"channels": "Grayscale"}
BYTE_STEP = 0.003921568859368563
IMAGES = hnp.arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3)))


@given(IMAGES)
def test_with_a_step_of_one_byte_colours_are_bytes_minus_128(rgb):
    pixels = dsp.quantize_image(pack(rgb), {}, scale=BYTE_STEP, zero_point=-128)
    np.testing.assert_array_equal(pixels, rgb.reshape(-1).astype(int) - 128)


@given(IMAGES)
def test_with_a_step_of_one_byte_grey_has_integer_weights(rgb):
    pixels = dsp.quantize_image(pack(rgb), GREY, scale=BYTE_STEP, zero_point=-128)
    weighted = rgb.reshape(-1, 3).astype(int) @ [19595, 38469, 7471]
    np.testing.assert_array_equal(pixels, (weighted >> 16) - 128)


@given(IMAGES, st.integers(-128, 127), st.sampled_from([0.0047, 0.0079, 0.02]))
def test_within_the_range_it_agrees_with_plain_quantisation(rgb, zero_point, scale):
    for config in ({}, GREY):
        features = dsp.extract("image", pack(rgb), config)
        plain = dsp.quantize(features, scale, 0, "int16") + zero_point
        short = dsp.quantize_image(pack(rgb), config, scale=scale, zero_point=zero_point)
        fits = (plain >= -128) & (plain <= 127)
        np.testing.assert_array_equal(short[fits], plain[fits])


@pytest.mark.parametrize("config", [{}, GREY])
def test_beyond_the_range_it_wraps_around_where_plain_quantisation_saturates(config):
    white = np.array([0xFFFFFF], np.float32)
    short = dsp.quantize_image(white, config, scale=1 / 256, zero_point=-128)
    assert set(short.tolist()) == {-128}
    features = dsp.extract("image", white, config)
    assert set(dsp.quantize(features, 1 / 256, -128).tolist()) == {127}


@pytest.mark.parametrize("scaling", ["0_255", "MIN1_1", "BGR_SUBTRACT_IMAGENET_MEAN"])
def test_scalings_without_a_branch_leave_the_bytes(scaling):
    pixels = dsp.quantize_image([0x0A1450], {}, scale=1, zero_point=-128, scaling=scaling)
    np.testing.assert_array_equal(pixels, [10 - 128, 20 - 128, 80 - 128])


@pytest.mark.parametrize("config", [{}, GREY])
@pytest.mark.parametrize("scale", [BYTE_STEP, 0.02])
def test_a_plan_serves_images_of_any_size(config, scale):
    plan = dsp.QuantizedImage(config, scale, -128)
    for pixels in (4, 9, 4):
        window = np.arange(pixels, dtype=np.float32) * 70000
        out = np.empty(pixels * plan.channels, np.int8)
        plan.extract_into(window, out)
        alone = dsp.quantize_image(window, config, scale=scale, zero_point=-128)
        np.testing.assert_array_equal(out, alone)


def test_a_window_or_output_of_a_wrong_size_is_refused_by_the_short_cut():
    plan = dsp.QuantizedImage({}, BYTE_STEP, -128)
    with pytest.raises(InvalidInputError, match="0 pixels, expected at least 1"):
        plan.extract_into(np.zeros(0, np.float32), np.zeros(0, np.int8))
    with pytest.raises(InvalidInputError, match="room for 5 features, the window gives 6"):
        plan.extract_into(np.zeros(2, np.float32), np.zeros(5, np.int8))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"scale": 0.0}, r"scale is 0\.0"),
        ({"scale": -1.0}, r"scale is -1\.0"),
        ({"scale": float("nan")}, "scale is nan"),
        ({"scale": 1e-7}, "scale is 1e-07, expected at least 1e-06"),
        ({"zero_point": 0.5}, r"zero point is 0\.5"),
        ({"scaling": "torch"}, "no image scaling 'torch'; expected one of NONE, 0_255, TORCH"),
        ({"config": {"channels": 3}}, "is 3, expected 'RGB' or 'Grayscale'"),
    ],
)
def test_a_wrong_argument_of_the_short_cut_is_one_clear_error(changes, message):
    arguments = {"config": {}, "scale": BYTE_STEP, "zero_point": -128, "scaling": "NONE"}
    with pytest.raises(InvalidInputError, match=message):
        dsp.QuantizedImage(**(arguments | changes))
