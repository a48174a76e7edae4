"""What users may hand to a freeform model, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from ei_runner_core import InvalidInputError, TensorSpec
from ei_runner_core.pipeline.tensors import match_inputs

IMAGE = TensorSpec("image", (1, 8, 8, 1), "float32")
STATE = TensorSpec("state", (2, -1, 4), "float32")
RATE = TensorSpec("rate", (), "int64")
BYTES = TensorSpec("bytes", (1, 4), "uint8")
QUANTISED = TensorSpec("q", (1, 4), "int8", 0.5, -3)
FLAG = TensorSpec("flag", (1,), "bool")


def one(value, spec):
    [array] = match_inputs(value, [spec])
    assert array.flags.c_contiguous
    assert array.dtype == spec.dtype
    return array


def test_an_array_that_fits_is_passed_on_without_a_copy():
    array = np.zeros((1, 8, 8, 1), np.float32)
    assert one(array, IMAGE) is array


@pytest.mark.parametrize("shape", [(8, 8), (8, 8, 1), (1, 8, 8), (1, 1, 8, 8, 1)])
def test_dimensions_of_length_one_may_be_left_out(shape):
    assert one(np.zeros(shape, np.float32), IMAGE).shape == (1, 8, 8, 1)


@pytest.mark.parametrize("shape", [(64,), (4, 16), (1, 8, 8, 3), (8, 1, 4, 2), (0,)])
def test_another_shape_is_refused_with_both_shapes(shape):
    with pytest.raises(InvalidInputError, match=r"'image' has the shape .*, expected \(1, 8, 8, 1"):
        one(np.zeros(shape, np.float32), IMAGE)


def test_a_dynamic_dimension_takes_any_length():
    assert one(np.zeros((2, 7, 4), np.float32), STATE).shape == (2, 7, 4)
    with pytest.raises(InvalidInputError, match=r"expected \(2, -1, 4\) \(-1: any length\)"):
        one(np.zeros((3, 7, 4), np.float32), STATE)


def test_a_missing_batch_dimension_is_added_to_a_dynamic_shape():
    spec = TensorSpec("x", (-1, 4), "float32")
    assert one(np.zeros(4, np.float32), spec).shape == (1, 4)


def test_plain_numbers_become_the_dtype_of_the_input():
    assert one(16000, RATE).shape == ()
    assert one([1, 2, 3, 4], BYTES).tolist() == [[1, 2, 3, 4]]
    assert one(np.arange(4.0), TensorSpec("x", (4,), "float32")).dtype == np.float32
    assert one(np.array([True]), FLAG).tolist() == [True]


@pytest.mark.parametrize(
    ("value", "spec", "message"),
    [
        ([0.5] * 4, BYTES, "dtype float64, expected uint8"),
        ([300, 0, 0, 0], BYTES, "expected uint8"),
        ([-1, 0, 0, 0], BYTES, "expected uint8"),
        (["a"] * 4, BYTES, "dtype <U1, expected uint8"),
        (np.zeros((1, 4), np.float32), QUANTISED, r"dsp.quantize\(values, 0.5, -3, 'int8'\)"),
        (np.zeros((1, 4), np.complex64), TensorSpec("x", (1, 4), "float32"), "complex64"),
        ([1], FLAG, "expected bool"),
        ([[1, 2], [3]], BYTES, "is not an array"),
    ],
)
def test_values_that_would_be_changed_are_refused(value, spec, message):
    with pytest.raises(InvalidInputError, match=message):
        one(value, spec)


def test_several_inputs_come_in_order_or_by_name():
    values = [np.zeros((2, 1, 4), np.float32), np.array(16000)]
    for inputs in (values, tuple(values), {"rate": values[1], "state": values[0]}):
        state, rate = match_inputs(inputs, [STATE, RATE])
        assert (state.shape, rate.dtype) == ((2, 1, 4), np.int64)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"state": 0}, r"\['state', 'rate'\]; missing: \['rate'\]"),
        ({"state": 0, "rate": 0, "x": 1}, r"unknown: \['x'\]"),
        ([np.zeros(3)], "has 2 inputs .*, got 1 values"),
        (np.zeros(3), "has 2 inputs .*, got one array"),
    ],
)
def test_missing_and_unknown_inputs_are_named(inputs, message):
    with pytest.raises(InvalidInputError, match=message):
        match_inputs(inputs, [STATE, RATE])


def test_numbers_too_large_for_the_dtype_are_refused():
    with pytest.raises(InvalidInputError, match="values that float32 cannot hold"):
        one(np.full((1, 8, 8, 1), 1e300), IMAGE)


def test_infinity_and_nan_pass_because_masks_hold_them():
    mask = np.full((1, 8, 8, 1), -np.inf)
    assert np.isinf(one(mask, IMAGE)).all()
    assert np.isnan(one(np.full((1, 8, 8, 1), np.nan), IMAGE)).all()
