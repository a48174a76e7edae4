"""Wrong inputs are named, and leave the network as it was."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from ei_runner_core import InvalidInputError

GOOD = np.ones((1, 4), np.float32)
WRONG = {
    "no list": (None, "expected a list of arrays, got NoneType"),
    "an iterator": (iter([GOOD[:, :2]]), "expected a list of arrays, got list_iterator"),
    "too few": ([], "takes 1 inputs \\(x\\), got 0"),
    "too many": ([GOOD, GOOD], "takes 1 inputs \\(x\\), got 2"),
    "a longer row": ([np.ones((1, 5), np.float32)], "shape \\(1, 5\\), expected \\(1, 4\\)"),
    "no batch": ([GOOD[0]], "shape \\(4,\\), expected \\(1, 4\\)"),
    "an array for the list": (GOOD, "shape \\(4,\\), expected \\(1, 4\\)"),
    "doubles": ([GOOD.astype(np.float64)], "dtype float64, expected float32"),
    "integers": ([GOOD.astype(np.int8)], "dtype int8, expected float32"),
    "the other byte order": ([GOOD.astype(">f4")], "dtype >f4, expected float32"),
    "a list of numbers": ([[1.0, 2.0, 3.0, 4.0]], "is a list, expected a NumPy array"),
    "nothing": ([None], "is a NoneType, expected a NumPy array"),
    "text": (["1234"], "is a str, expected a NumPy array"),
}


@pytest.mark.parametrize(("inputs", "message"), WRONG.values(), ids=WRONG)
def test_a_wrong_input_is_named_and_the_next_run_is_right(open_network, inputs, message):
    session = open_network("add")

    for _ in range(2):
        with pytest.raises(InvalidInputError, match=message):
            session.run(inputs)
        assert_array_equal(session.run([GOOD])[0], GOOD + 1)


@pytest.mark.parametrize("shape", [(0, 4), (4,), (2, 5), (1, 2, 4)])
def test_a_dynamic_network_takes_only_shapes_that_suit_it(open_network, shape):
    session = open_network("dynamic")

    with pytest.raises(InvalidInputError, match="where -1 stands for any size"):
        session.run([np.zeros(shape, np.float32)])


@pytest.mark.parametrize("name", ["add", "dynamic", "passthrough"])
def test_an_array_with_gaps_is_read_right(open_network, name):
    wide = np.arange(8, dtype=np.float32).reshape(1, 8)
    session = open_network(name)

    expected = session.run([np.ascontiguousarray(wide[:, ::2])])
    answers = session.run([wide[:, ::2]])

    for answer, wanted in zip(answers, expected, strict=True):
        assert_array_equal(answer, wanted)
