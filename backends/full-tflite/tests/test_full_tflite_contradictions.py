"""Networks that would end the process in the runtime: refused, or run in another way."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from ei_runner_core import ModelFormatError, UnsupportedModelError
from ei_runner_full_tflite.flatbuffer import DamageError, Flatbuffer, Table
from ei_runner_full_tflite.inspection import inspect_model
from ei_runner_full_tflite.operands import check_operands

MODELS = Path(__file__).parent / "models"
Place = Callable[[Table], int]


def content_of(name: str) -> bytes:
    return (MODELS / f"{name}.tflite").read_bytes()


def mutant(name: str, *changes: tuple[Place, int]) -> bytes:
    """The model with some of its 32-bit numbers changed."""
    content = bytearray(content_of(name))
    root = Flatbuffer(bytes(content)).root()
    for place, value in changes:
        struct.pack_into("<i", content, place(root), value)
    return bytes(content)


def operand(operator: int, place: int, graph: int = 0) -> Place:
    return lambda m: m.tables(2)[graph].tables(3)[operator].span(1, 4)[0] + 4 * place


def dimension(tensor: int, place: int, graph: int = 0) -> Place:
    return lambda m: m.tables(2)[graph].tables(0)[tensor].span(0, 4)[0] + 4 * place


def result_count(operator: int, graph: int = 0) -> Place:
    return lambda m: m.tables(2)[graph].tables(3)[operator].span(2, 4)[0] - 4


def result(operator: int, graph: int = 0) -> Place:
    return lambda m: m.tables(2)[graph].tables(3)[operator].span(2, 4)[0]


def body(m: Table) -> int:
    """Where the graph stands that WHILE repeats."""
    loops = [op.table(4) for op in m.tables(2)[0].tables(3) if op.number(3, "B") == 93]
    assert loops
    assert loops[0]
    return loops[0]._at(1, 4)


def needed_operands() -> list[tuple[str, int, int]]:
    """Each input of the small models that is there, but for biases."""
    found = []
    for name in ["add", "conv", "conv_int8", "dense_uint8", "two_by_two", "many_dtypes"]:
        operators = Flatbuffer(content_of(name)).root().tables(2)[0].tables(3)
        for number, operator in enumerate(operators):
            found += [(name, number, place) for place in range(len(operator.numbers(1)[:2]))]
    return found


@pytest.mark.parametrize(("name", "operator", "place"), needed_operands())
def test_an_operator_without_a_needed_input_is_refused(name, operator, place):
    with pytest.raises(ModelFormatError, match=f"lacks its input {place}"):
        inspect_model(mutant(name, (operand(operator, place), -1)), name)


@pytest.mark.parametrize(
    ("code", "inputs"),
    [
        *((3, (0, 1, -1)), (9, (0, 1, -1)), (67, (0, 1, 2, -1)), (27, (0, 1, 2, -1, 3))),
        (44, (0, -1, 1, 1, 1, -1, 1, 1, 1, -1, -1, -1, -1, 1, 1, 1, -1, -1, 2, 3, *[-1] * 4)),
        *((32, (-1, -1)), (163, (-1, 0)), (400, (-1,))),
    ],
)
def test_inputs_that_may_be_left_out_are_not_missed(code, inputs):
    check_operands(code, inputs, (4,))


@pytest.mark.parametrize(
    ("code", "inputs", "outputs", "message"),
    [
        (0, (1,), (2,), "has 1 inputs, expected 2"),
        (4, (0, 1), (2,), "has 2 inputs, expected 3"),
        (25, (1,), (), "has 0 outputs, expected 1"),
        (25, (1,), (-1,), "lacks its output 0"),
        (44, (0, 1, -1, *range(17)), (20,), "lacks its input 2"),
        (119, (0, -1), (2, -1), "lacks its input 1"),
    ],
)
def test_operands_that_are_missed_are_named(
    code: int, inputs: Sequence[int], outputs: Sequence[int], message: str
):
    with pytest.raises(DamageError, match=message):
        check_operands(code, tuple(inputs), tuple(outputs))


# What stands where in counter: 0 CALL_ONCE, 1 VAR_HANDLE, 2 ADD, 3 READ_VARIABLE, 4 ADD,
# 5 ASSIGN_VARIABLE, 6 READ_VARIABLE; in its other graph VAR_HANDLE and ASSIGN_VARIABLE.
COUNTERS = {
    "initial value": ([(dimension(0, 0, 1), 0)], "more than one shape"),
    "reading": ([(dimension(6, 0), 67108865)], "more than one shape"),
    "input": ([(dimension(0, 0), 255)], "makes the shape"),
    "no result": ([(result_count(6), 0)], "has 0 outputs"),
    "no handle": ([(operand(3, 0), 6)], "before an operator writes it"),
}


@pytest.mark.parametrize(("changes", "message"), COUNTERS.values(), ids=COUNTERS)
def test_resource_variables_that_contradict_themselves_are_refused(changes, message):
    with pytest.raises(ModelFormatError, match=message):
        inspect_model(mutant("counter", *changes), "counter")


def test_a_handle_of_a_variable_needs_options():
    content = bytearray(content_of("counter"))
    content[Flatbuffer(content).root().tables(2)[1].tables(3)[0]._at(3, 1)] = 0
    with pytest.raises(ModelFormatError, match="options of kind 0, expected 111"):
        inspect_model(bytes(content), "counter")


TWICE = mutant("counter", (operand(4, 1), 4))


def test_a_variable_used_twice_at_once_runs_without_xnnpack(open_network):
    assert open_network(TWICE).run([np.ones(1, np.float32)])[0].tolist() == [0.0]


def test_a_variable_used_twice_at_once_cannot_be_forced_into_xnnpack(open_network):
    with pytest.raises(UnsupportedModelError, match="leave out the option"):
        open_network(TWICE, default_delegates=True)


def test_graphs_that_run_themselves_are_refused():
    for graph, message in ((0, "without end"), (7, "refers to graph 7 of 3")):
        with pytest.raises(ModelFormatError, match=message):
            inspect_model(mutant("spin", (body, graph)), "spin")


def test_a_graph_whose_result_nothing_writes_is_refused():
    with pytest.raises(ModelFormatError, match="read before an operator writes it"):
        inspect_model(mutant("spin", (lambda m: m.tables(2)[1].span(3, 4)[0] - 4, 0)), "spin")


def test_shapes_that_do_not_fit_or_fit_no_memory_are_refused():
    for name, tensor, size, message in (
        ("dense_int8", 0, 2**31 - 1, "does not fit weights for 4"),
        ("two_by_two", 0, 503316483, "makes the shape"),
        ("add", 0, 2**31 - 1, "bytes at once"),
    ):
        with pytest.raises(ModelFormatError, match=message):
            inspect_model(mutant(name, (dimension(tensor, 1), size)), name)


def unpacked_weights() -> list[tuple[int, int]]:
    """Each dimension of each tensor that DEQUANTIZE makes of weights in half precision."""
    graph = Flatbuffer(content_of("conv_half")).root().tables(2)[0]
    unpackers = [op for op in graph.tables(3) if len(op.numbers(1)) == 1 and op.number(0, "I") == 0]
    made = [op.numbers(2)[0] for op in unpackers]
    return [(t, place) for t in made for place in range(len(graph.tables(0)[t].numbers(0)))]


@pytest.mark.parametrize(("tensor", "place"), unpacked_weights())
@pytest.mark.parametrize("size", [0, 7, 1025, 65534])
def test_weights_that_grow_when_they_are_unpacked_are_refused(tensor, place, size):
    with pytest.raises(ModelFormatError, match="operator 6 makes the shape"):
        inspect_model(mutant("conv_half", (dimension(tensor, place), size)), "conv_half")


def test_weights_in_half_precision_run(open_network):
    image = np.random.default_rng(0).uniform(-2, 2, (1, 6, 6, 1)).astype(np.float32)
    (half,), (whole,) = open_network("conv_half").run([image]), open_network("conv").run([image])
    np.testing.assert_allclose(half, whole, atol=2e-2)


UNWRITTEN = mutant("custom_op", (operand(0, 1), 2))
AS_TEXT = "{:c}\0\0\0{}\0".format


def test_a_network_for_a_chip_may_have_tensors_to_work_in(open_network):
    name, vela = AS_TEXT(10, "Frobnicate").encode(), AS_TEXT(7, "ethos-u").encode()
    assert name in UNWRITTEN
    with pytest.raises(UnsupportedModelError, match="'ethos-u'.*option 'delegates'"):
        open_network(UNWRITTEN.replace(name, vela.ljust(len(name), b"\0")))


def test_other_custom_operators_may_not(open_network):
    with pytest.raises(ModelFormatError, match="read before an operator writes it"):
        open_network(UNWRITTEN)
