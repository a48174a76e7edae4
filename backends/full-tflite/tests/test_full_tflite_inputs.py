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

    with pytest.raises(InvalidInputError, match=message):
        session.run(inputs)

    assert_array_equal(session.run([GOOD])[0], GOOD + 1)


@pytest.mark.parametrize("shape", [(0, 4), (4,), (2, 5), (1, 2, 4)])
def test_a_dynamic_network_takes_only_shapes_that_suit_it(open_network, shape):
    session = open_network("dynamic_batch")

    with pytest.raises(InvalidInputError, match="where -1 stands for any size"):
        session.run([np.zeros(shape, np.float32)])


@pytest.mark.parametrize("shape", [(3,), (1, 2)])
def test_a_signature_takes_no_other_shapes_than_it_declares(open_network, shape):
    session = open_network("signatures", signature="combine")

    with pytest.raises(InvalidInputError, match="expected \\(2,\\)"):
        session.run([np.zeros(shape, np.float32), np.zeros(2, np.float32)])


def test_an_array_with_gaps_is_read_right(open_network):
    wide = np.arange(8, dtype=np.float32).reshape(1, 8)

    (answer,) = open_network("add").run([wide[:, ::2]])

    assert_array_equal(answer, [[1, 3, 5, 7]])
