"""Networks run and give what ONNX Runtime gives when it is called by hand."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
from numpy.testing import assert_array_equal

from ei_runner_core import InferenceError, InvalidInputError, TensorSpec
from ei_runner_onnx.calls import LARGEST_BOUND, bound_call, plain_call

RUNNABLE = (
    "add",
    "branches",
    "conv",
    "every_dtype",
    "external",
    "half",
    "int8",
    "int8_constants",
    "passthrough",
    "scalars",
    "uint8",
)


def random_inputs(specs: tuple[TensorSpec, ...], seed: int) -> list[np.ndarray]:
    generator = np.random.default_rng(seed)
    return [np.asarray(generator.integers(0, 100, spec.shape), spec.dtype) for spec in specs]


def by_hand(path, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(None, inputs)


@pytest.mark.parametrize("name", RUNNABLE)
def test_answers_are_those_of_onnx_runtime_called_by_hand(open_network, model_path, name):
    session = open_network(name)

    for seed in range(3):
        inputs = random_inputs(session.inputs, seed)
        named = {spec.name: array for spec, array in zip(session.inputs, inputs, strict=True)}
        expected = by_hand(model_path(name), named)

        answers = session.run(inputs)

        assert isinstance(answers, tuple)
        assert [answer.dtype.name for answer in answers] == [s.dtype for s in session.outputs]
        assert [answer.shape for answer in answers] == [s.shape for s in session.outputs]
        for answer, wanted in zip(answers, expected, strict=True):
            assert_array_equal(answer, wanted)


def test_every_dtype_that_numpy_has_goes_in_and_out(open_network):
    session = open_network("every_dtype")

    kinds = "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64"
    assert [spec.dtype for spec in session.inputs] == kinds.split()
    assert [spec.dtype for spec in session.outputs] == kinds.split()


def test_a_tensor_of_rank_zero_is_an_array(open_network):
    session = open_network("scalars")

    assert session.inputs == (TensorSpec("x", (), "float32"), TensorSpec("rate", (), "int64"))
    for _ in range(2):
        (answer,) = session.run([np.array(2.0, np.float32), np.array(16000)])
        assert isinstance(answer, np.ndarray)
        assert answer.shape == ()
        assert answer == 32000


@pytest.mark.parametrize(("name", "zero"), [("int8", -3), ("int8_constants", -3), ("uint8", 7)])
def test_quantised_tensors_tell_scale_and_zero_point(open_network, name, zero):
    session = open_network(name)

    dtype = name.partition("_")[0]
    assert session.inputs == (TensorSpec("x", (4,), dtype, 0.5, zero),)
    assert session.outputs == (TensorSpec("y", (1, 3), dtype, 0.25, zero),)


@pytest.mark.parametrize(("name", "scale"), [("quantised_alike", 0.5), ("quantised_twice", 0.0)])
def test_an_input_has_a_scale_if_all_that_read_it_agree(open_network, name, scale):
    session = open_network(name)

    assert [spec.scale for spec in session.inputs] == [scale]
    assert [(spec.scale, spec.zero_point) for spec in session.outputs] == [(0.25, 1), (0.25, 1)]


def test_a_float_tensor_is_not_quantised(open_network):
    session = open_network("quantised_inside")

    assert not any(spec.is_quantized for spec in (*session.inputs, *session.outputs))


@pytest.mark.parametrize("name", ["add", "big", "passthrough", "dynamic"])
def test_outputs_belong_to_the_caller(open_network, name):
    session = open_network(name)
    shapes = [tuple(2 if size < 0 else size for size in spec.shape) for spec in session.inputs]
    inputs = [np.ones(shape, np.float32) for shape in shapes]
    first = session.run(inputs)
    kept = [answer.copy() for answer in first]
    for answer in first:
        answer += 1000

    second = session.run(inputs)

    for answer, expected, given in zip(second, kept, inputs * 2, strict=False):
        assert answer.flags.writeable
        assert_array_equal(answer, expected)
        assert_array_equal(given, np.ones_like(given))
        assert not np.shares_memory(answer, given)


def test_inputs_are_only_read(open_network):
    row = np.ones((1, 4), np.float32)
    row.flags.writeable = False

    for name in ("add", "dynamic"):
        open_network(name).run([row])

    assert_array_equal(row, np.ones((1, 4)))


@pytest.mark.parametrize("size", [1, 3, 7])
def test_a_dynamic_network_takes_any_size(open_network, size):
    session = open_network("dynamic")
    (unit,) = session.run([np.eye(4, dtype=np.float32)])
    rows = np.random.default_rng(size).normal(size=(size, 4)).astype(np.float32)

    (answer,) = session.run([rows])

    assert session.inputs[0].shape == (-1, 4)
    assert session.outputs[0].shape == (-1, 3)
    np.testing.assert_allclose(answer, rows @ unit, rtol=1e-5)


def test_sizes_that_contradict_each_other_fail_and_the_next_run_is_right(open_network):
    session = open_network("two_symbols")

    with pytest.raises(InferenceError, match="^ONNX Runtime failed: .*Mul") as caught:
        session.run([np.ones((2, 3), np.float32), np.ones((2, 2), np.float32)])

    assert "\n" not in str(caught.value)
    ones = np.ones((2, 3), np.float32)
    assert_array_equal(session.run([ones, ones])[0], ones)


def test_input_shapes_fix_a_dynamic_network(open_network):
    session = open_network("two_symbols", input_shapes={"a": [2, 3], "b": [2, 3]})

    assert [spec.shape for spec in session.inputs] == [(2, 3), (2, 3)]
    assert session.outputs[0].shape[0] == 2
    with pytest.raises(InvalidInputError, match=r"has the shape \(1, 3\), expected \(2, 3\)"):
        session.run([np.ones((1, 3), np.float32)] * 2)


def test_fixing_one_input_fixes_the_symbol_in_the_others(open_network):
    session = open_network("two_symbols", input_shapes={"a": [2, 3]})

    assert session.inputs[1].shape == (2, -1)


def test_an_input_without_a_shape_gets_one_by_option(open_network):
    session = open_network("no_shapes", input_shapes={"x": [2, 3]})

    assert session.inputs[0].shape == (2, 3)
    assert len(session.outputs[0].shape) == 2
    assert session.run([-np.ones((2, 3), np.float32)])[0].sum() == 0


def test_an_output_may_differ_from_the_shape_that_it_declares(open_network):
    session = open_network("positions")

    for row, count in (([0, 0, 0, 0], 4), ([-1, 0, -1, 0], 2), ([0, 0, 0, 0], 4)):
        (answer,) = session.run([np.array([row], np.float32)])
        assert answer.shape == (2, count)


def test_small_and_large_networks_answer_by_both_ways_alike(open_network):
    session = open_network("conv")
    native, image = session.engine.native, np.zeros((1, 1, 6, 6), np.float32)
    plain = plain_call(native, ["x"], ["y"])
    bound = bound_call(native, ["x"], [image], {"y": plain([image])[0]})

    for seed in range(3):
        (image,) = random_inputs(session.inputs, seed)
        assert_array_equal(bound([image])[0], plain([image])[0])
    assert open_network("big").inputs[0].shape[1] * 4 > LARGEST_BOUND


def test_a_call_in_the_middle_of_a_call_spoils_neither(open_network):
    """As a signal handler makes it, which runs in the thread that it interrupts."""
    session = open_network("scalars")
    inner: list[np.ndarray] = []

    class Interrupted(list):  # type: ignore[type-arg]
        def __iter__(self):
            yield self[0]
            inner.extend(session.run([np.array(5, np.float32), np.array(1)]))
            yield self[1]

    (outer,) = session.call(Interrupted([np.array(2, np.float32), np.array(10)]))

    assert (inner[0], outer) == (5, 20)
