from __future__ import annotations

import numpy as np
import pytest
from golden_cases import golden
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ei_runner_core import InvalidInputError, dsp
from ei_runner_core.images import pack

CONFIGS = st.sampled_from([{}, {"channels": "Grayscale"}])
IMAGES = hnp.arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3)))
BYTE_STEP = 0.003921568859368563
SCALINGS = ["NONE", "0_255", "TORCH", "MIN1_1", "MIN128_127", "BGR_SUBTRACT_IMAGENET_MEAN"]


def unpacked(window):
    """The bytes of a packed image, or None where a value is no whole pixel."""
    whole = window.astype(np.int64)
    if not window.size or (whole != window).any():
        return None
    return np.stack([whole >> 16, whole >> 8, whole], -1).astype(np.uint8)


@given(IMAGES, CONFIGS)
def test_bytes_give_the_features_of_the_packed_image(rgb, config):
    plan = dsp.create("image", config)
    expected = plan.extract(pack(rgb))
    out = np.empty_like(expected)
    plan.extract_rgb_into(rgb, out)
    np.testing.assert_array_equal(out, expected)


@given(
    IMAGES,
    CONFIGS,
    st.sampled_from([BYTE_STEP, 1 / 256, 0.0079, 0.02, 1.0]),
    st.integers(-128, 127),
    st.sampled_from(SCALINGS),
)
def test_bytes_give_the_tensor_of_the_packed_image(rgb, config, scale, zero_point, scaling):
    plan = dsp.QuantizedImage(config, scale, zero_point, scaling)
    expected = np.empty(rgb.size // 3 * plan.channels, np.int8)
    plan.extract_into(pack(rgb), expected)
    out = np.empty_like(expected)
    plan.extract_rgb_into(rgb, out)
    np.testing.assert_array_equal(out, expected)


@golden("dsp/image")
def test_bytes_answer_like_the_sdk(case):
    rgb = unpacked(case.arrays["input"])
    if rgb is None:
        pytest.skip("its window has fractions of pixels")
    plan = dsp.create("image", case.config["config"])
    out = np.empty(plan.output_size(len(rgb)), np.float32)
    plan.extract_rgb_into(rgb, out)
    np.testing.assert_array_equal(out, case.arrays["output"])


@golden("dsp/image_quantized")
def test_bytes_answer_like_the_short_cut_of_the_sdk(case):
    about = case.config
    rgb = unpacked(case.arrays["input"])
    if rgb is None:
        pytest.skip("its window has fractions of pixels")
    plan = dsp.QuantizedImage(
        about["config"], about["scale"], about["zero_point"], about["image_scaling_name"]
    )
    out = np.empty(len(rgb) * plan.channels, np.int8)
    plan.extract_rgb_into(rgb, out)
    np.testing.assert_array_equal(out, case.arrays["output"])


@pytest.mark.parametrize("config", [{}, {"channels": "Grayscale"}])
def test_views_and_frames_are_read_in_their_order(config):
    frames = np.random.default_rng(0).integers(0, 256, (2, 4, 6, 3), np.uint8)
    plan = dsp.create("image", config)
    for rgb in (frames[0, :, ::2], frames[0, :, :, ::-1], frames):
        out = np.empty(plan.output_size(rgb.size // 3), np.float32)
        plan.extract_rgb_into(rgb, out)
        packed = pack(rgb).reshape(-1)
        np.testing.assert_array_equal(out, plan.extract(packed))


def plans():
    yield dsp.create("image", {}), np.float32
    yield dsp.QuantizedImage({}, BYTE_STEP, -128), np.int8


@pytest.mark.parametrize(
    ("rgb", "size", "message"),
    [
        (np.zeros((2, 2, 3)), 12, r"array of float64 with the shape \(2, 2, 3\), expected uint8"),
        (np.zeros((2, 2, 4), np.uint8), 16, r"the shape \(2, 2, 4\)"),
        (np.zeros(3, np.uint8), 3, r"the shape \(3,\)"),
        (np.zeros((0, 2, 3), np.uint8), 0, "0 pixels, expected at least 1"),
        (np.zeros((2, 2, 3), np.uint8), 9, "room for 9 features, the window gives 12"),
    ],
)
def test_bytes_of_a_wrong_shape_are_refused(rgb, size, message):
    for plan, dtype in plans():
        with pytest.raises(InvalidInputError, match=message):
            plan.extract_rgb_into(rgb, np.empty(size, dtype))


def test_bytes_of_another_size_than_declared_are_refused():
    plan = dsp.create("image", {}, n_outputs=12)
    with pytest.raises(InvalidInputError, match="the window has 5 pixels, expected 4"):
        plan.extract_rgb_into(np.zeros((1, 5, 3), np.uint8), np.empty(15, np.float32))


def test_an_encoder_of_one_size_leaves_the_plan_ready_for_it():
    rgb = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    plan = dsp.QuantizedImage({"channels": "Grayscale"}, 0.0079, 3)
    encode = plan.encoder(4)
    packed, plain = np.empty(4, np.int8), np.empty(4, np.int8)
    encode(pack(rgb), packed)
    plan.extract_rgb_into(rgb, plain)
    np.testing.assert_array_equal(plain, packed)
