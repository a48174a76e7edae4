"""Networks run and give what the runtime's own interpreter gives."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from ei_runner_core import InferenceError, InvalidInputError, TensorSpec
from ei_runner_full_tflite.runtime import load_runtime

RUNNABLE = (
    "add",
    "conv",
    "conv_int8",
    "dense_int8",
    "dense_uint8",
    "many_dtypes",
    "no_xnnpack",
    "scalar",
    "signatures",
    "two_by_two",
)


def random_inputs(specs: tuple[TensorSpec, ...], seed: int) -> list[np.ndarray]:
    generator = np.random.default_rng(seed)
    return [generator.integers(0, 100, spec.shape).astype(spec.dtype) for spec in specs]


def by_hand(content: bytes, inputs: list[np.ndarray], **settings) -> list[np.ndarray]:
    interpreter = load_runtime().interpreter(model_content=content, **settings)
    interpreter.allocate_tensors()
    for details, array in zip(interpreter.get_input_details(), inputs, strict=True):
        interpreter.set_tensor(details["index"], array)
    interpreter.invoke()
    return [interpreter.get_tensor(d["index"]) for d in interpreter.get_output_details()]


@pytest.mark.parametrize("name", RUNNABLE)
def test_answers_are_those_of_the_interpreter_called_by_hand(open_network, model_bytes, name):
    session = open_network(name)
    plain = load_runtime().plain_resolver
    settings = {"experimental_op_resolver_type": plain} if name == "no_xnnpack" else {}

    for seed in range(3):
        inputs = random_inputs(session.inputs, seed)
        expected = by_hand(model_bytes(name), inputs, **settings)

        answers = session.run(inputs)

        assert [answer.dtype.name for answer in answers] == [s.dtype for s in session.outputs]
        assert [answer.shape for answer in answers] == [s.shape for s in session.outputs]
        for answer, wanted in zip(answers, expected, strict=True):
            assert_array_equal(answer, wanted)


def test_tensors_are_described_by_name_shape_and_dtype(open_network):
    session = open_network("two_by_two")

    assert session.inputs == (
        TensorSpec("a", (1, 3), "float32"),
        TensorSpec("b", (2,), "int32"),
    )
    assert [(spec.shape, spec.dtype) for spec in session.outputs] == [
        ((1, 3), "float32"),
        ((2,), "int32"),
    ]


@pytest.mark.parametrize(
    ("name", "low", "high"), [("dense_int8", -128, 127), ("dense_uint8", 0, 255)]
)
def test_quantised_tensors_tell_scale_and_zero_point(open_network, name, low, high):
    session = open_network(name)

    for spec in (*session.inputs, *session.outputs):
        assert spec.is_quantized
        assert spec.scale > 0
        assert low <= spec.zero_point <= high


def test_int8_and_uint8_agree_on_real_values(open_network):
    real = np.array([[0.5, -0.25, 0.125, 1.0]], np.float32)
    answers = []
    for name in ("dense_int8", "dense_uint8"):
        session = open_network(name)
        (source,), (target,) = session.inputs, session.outputs
        raw = np.round(real / source.scale + source.zero_point).astype(source.dtype)
        (answer,) = session.run([raw])
        answers.append((answer.astype(int) - target.zero_point) * target.scale)

    assert_array_equal(*answers)


def test_a_tensor_of_rank_zero_is_an_array(open_network):
    (answer,) = open_network("scalar").run([np.array(2.0, np.float32)])

    assert isinstance(answer, np.ndarray)
    assert answer == np.float32(3.0)


def test_outputs_belong_to_the_caller(open_network):
    session = open_network("add")
    (first,) = session.run([np.ones((1, 4), np.float32)])
    kept = first.copy()
    first += 1000

    (second,) = session.run([np.full((1, 4), 5, np.float32)])

    assert_array_equal(kept, np.full((1, 4), 2))
    assert_array_equal(second, np.full((1, 4), 6))
    assert first.flags.owndata
    assert first.flags.writeable


def test_inputs_are_only_read(open_network):
    window = np.ones((1, 4), np.float32)
    window.flags.writeable = False

    (answer,) = open_network("add").run([window])

    assert_array_equal(answer, np.full((1, 4), 2))
    assert_array_equal(window, np.ones((1, 4)))


def test_a_batch_of_any_size_runs_on_a_dynamic_network(open_network, model_bytes):
    session = open_network("dynamic_batch")
    generator = np.random.default_rng(0)
    rows = generator.normal(size=(7, 4)).astype(np.float32)
    single = np.concatenate([by_hand(model_bytes("dynamic_batch"), [row[None]])[0] for row in rows])

    assert session.inputs[0].shape == (-1, 4)
    assert session.outputs[0].shape == (-1, 3)
    for size in (1, 7, 3, 3, 1):
        (answer,) = session.run([rows[:size]])
        np.testing.assert_allclose(answer, single[:size], rtol=1e-5)


def test_a_network_that_cannot_run_with_its_stored_shape_runs_with_the_real_one(open_network):
    for choice in ("auto", True, False):
        session = open_network("window", default_delegates=choice)
        with pytest.raises(InferenceError, match="runtime failed"):
            session.run([np.ones((1, 1, 1), np.float32)])

        (answer,) = session.run([np.ones((1, 6, 1), np.float32)])

        assert answer.shape == (1, 3, 3)
        assert np.isfinite(answer).all()


def test_input_shapes_fix_a_dynamic_network(open_network):
    session = open_network("window", input_shapes={"x": [1, 6, 1]})

    assert session.inputs[0].shape == (1, 6, 1)
    assert session.run([np.ones((1, 6, 1), np.float32)])[0].shape == (1, 3, 3)
    with pytest.raises(InvalidInputError, match=r"has the shape \(1, 7, 1\), expected \(1, 6, 1\)"):
        session.run([np.ones((1, 7, 1), np.float32)])


def test_a_signature_runs_with_its_own_names(open_network):
    session = open_network("signatures", signature="combine")
    arguments = {"left": np.float32([5, 6]), "right": np.float32([1, 2])}

    answers = session.run([arguments[spec.name] for spec in session.inputs])

    named = dict(zip((spec.name for spec in session.outputs), answers, strict=True))
    assert_array_equal(named["sum"], [6, 8])
    assert_array_equal(named["difference"], [4, 4])


def test_another_signature_of_the_same_file_is_another_graph(open_network):
    session = open_network("signatures", signature="double")

    assert session.inputs == (TensorSpec("x", (-1, 2), "float32"),)
    for size in (1, 3):
        assert_array_equal(session.run([np.ones((size, 2), np.float32)])[0], np.full((size, 2), 2))


def test_opening_leaves_no_trace_in_a_network_with_state(open_network):
    session = open_network("counter")

    totals = [float(session.run([np.zeros(1, np.float32)])[0][0]) for _ in range(3)]

    assert totals == [1, 2, 3]


def test_sessions_of_one_network_share_no_state(open_network):
    first, second = open_network("counter"), open_network("counter")
    first.run([np.zeros(1, np.float32)])

    assert second.run([np.zeros(1, np.float32)])[0][0] == 1


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_the_number_of_threads_changes_no_answer(open_network, threads):
    one, many = open_network("conv_int8"), open_network("conv_int8", num_threads=threads)
    inputs = random_inputs(one.inputs, 1)

    assert_array_equal(many.run(inputs)[0], one.run(inputs)[0])


def test_without_default_delegates_the_answers_stay(open_network):
    fast, plain = open_network("add"), open_network("add", default_delegates=False)
    inputs = random_inputs(fast.inputs, 2)

    assert_array_equal(plain.run(inputs)[0], fast.run(inputs)[0])
