from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ei_runner_core import InvalidInputError, dsp

DTYPES = st.sampled_from(["int8", "uint8", "int16"])
SCALES = st.floats(2.0**-20, 1000, width=32)
VALUES = hnp.arrays(np.float32, st.integers(1, 50), elements=st.floats(-1e6, 1e6, width=32))


@st.composite
def codes(draw):
    dtype = draw(DTYPES)
    limits = np.iinfo(dtype)
    whole = st.integers(int(limits.min), int(limits.max))
    raw = draw(hnp.arrays(dtype, st.integers(1, 50), elements=whole))
    return raw, draw(SCALES), draw(whole)


@given(codes())
def test_integers_survive_the_way_to_real_numbers_and_back(drawn):
    raw, scale, zero_point = drawn
    real = dsp.dequantize(raw, scale, zero_point)
    assert real.dtype == np.float32
    back = dsp.quantize(real, scale, zero_point, raw.dtype.name)
    np.testing.assert_array_equal(back, raw, strict=True)


@given(VALUES, SCALES, DTYPES)
def test_quantisation_keeps_the_order(values, scale, dtype):
    raw = dsp.quantize(np.sort(values), scale, 3, dtype)
    assert (np.diff(raw.astype(int)) >= 0).all()


@given(VALUES, SCALES, DTYPES, st.integers(0, 100))
def test_quantisation_is_rounding_away_from_zero_and_saturating(values, scale, dtype, zero_point):
    quotients = values / np.float32(scale)
    whole = np.trunc(quotients)
    rounded = whole + np.trunc(np.float32(2) * (quotients - whole))
    limits = np.iinfo(dtype)
    expected = np.clip(rounded.astype(np.float64) + zero_point, limits.min, limits.max)
    np.testing.assert_array_equal(dsp.quantize(values, scale, zero_point, dtype), expected)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.5, 1), (-0.5, -1), (1.5, 2), (2.5, 3), (-2.5, -3), (0.49999997, 0), (-0.49999997, 0)],
)
def test_halves_go_away_from_zero(value, expected):
    assert dsp.quantize([value], 1.0, 0).tolist() == [expected]


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16"])
def test_what_is_out_of_range_saturates_without_a_warning(dtype):
    limits = np.iinfo(dtype)
    extremes = np.array([-np.inf, -3.4e38, 3.4e38, np.inf], np.float32)
    raw = dsp.quantize(extremes, 1e-30, 5, dtype)
    assert raw.tolist() == [limits.min, limits.min, limits.max, limits.max]
    assert dsp.quantize([1e300], 1.0, 0, dtype).tolist() == [limits.max]


def test_shapes_are_kept():
    assert dsp.quantize(np.zeros((2, 3, 4)), 0.5, 0).shape == (2, 3, 4)
    assert dsp.quantize(1.0, 0.5, 0).shape == ()
    assert dsp.dequantize(np.zeros((2, 3), np.int8), 0.5, 0).shape == (2, 3)


@pytest.mark.parametrize("zero_point", [-128, 0, 127])
@pytest.mark.parametrize("dtype", ["int8", "uint8"])
def test_all_ways_to_dequantise_agree(dtype, zero_point):
    raw = np.arange(256, dtype=np.uint8).view(dtype)
    plan = dsp.Dequantizer(0.01234567, zero_point)
    expected = (raw.astype(np.float32) - np.float32(zero_point)) * np.float32(0.01234567)
    np.testing.assert_array_equal(plan.array(raw), expected, strict=True)
    np.testing.assert_array_equal(dsp.dequantize(raw, 0.01234567, zero_point), expected)
    assert plan.floats(raw.reshape(2, 128)) == expected.tolist()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_float_tensors_are_not_dequantised(dtype):
    raw = np.array([[0.5, -2.0]], dtype)
    plan = dsp.Dequantizer(0.1, 3)
    np.testing.assert_array_equal(plan.array(raw), np.float32([[0.5, -2.0]]), strict=True)
    assert plan.floats(raw) == [0.5, -2.0]


def test_wide_integers_are_dequantised_by_the_formula():
    plan = dsp.Dequantizer(0.5, 1)
    assert plan.floats(np.array([-1000, 32767], np.int32)) == [-500.5, 16383.0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1.0], 0.0, 0), r"the scale is 0\.0, expected a positive float32 number"),
        (([1.0], float("inf"), 0), "the scale is inf"),
        (([1.0], 1e-45, 0), "the scale is 1e-45"),
        (([1.0], 1.0, 0.5), r"the zero point is 0\.5, expected a whole number"),
        (([1.0], 1.0, float("nan")), "the zero point is nan, expected a whole number"),
        (([1.0], 1.0, 0, "int32"), "cannot quantise to 'int32', expected one of int8, uint8"),
    ],
)
def test_wrong_quantisation_parameters_are_one_clear_error(arguments, message):
    with pytest.raises(InvalidInputError, match=message):
        dsp.quantize(*arguments)


def test_only_integers_can_be_dequantised():
    with pytest.raises(InvalidInputError, match="cannot dequantise float64, expected integers"):
        dsp.dequantize([0.5], 1.0, 0)
