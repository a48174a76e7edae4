"""The helpers for those who write backends."""

from __future__ import annotations

import gc
import os
import subprocess
import sys

import numpy as np
import pytest

from ei_runner_core import InvalidInputError, TensorSpec
from ei_runner_core.authoring import (
    check_inputs,
    keep_in_forked_child,
    one_line,
    read_options,
)

SPECS = (TensorSpec("image", (1, 2, 2), "float32"), TensorSpec("rows", (-1, 3), "int8"))
IMAGE, ROWS = np.zeros((1, 2, 2), np.float32), np.zeros((5, 3), np.int8)

FORK = """
import os, sys, warnings
warnings.simplefilter("ignore", DeprecationWarning)
from ei_runner_core.authoring import keep_in_forked_child

class Native:
    def __del__(self):
        if os.getpid() != parent:
            os.write(1, b"destroyed in the child\\n")

class Holder:
    native = None
    def abandon(self):
        native, self.native = self.native, None
        return native

parent = os.getpid()
holder = Holder()
holder.native = Native()
keep_in_forked_child(holder)
child = os.fork()
if child:
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert holder.native is not None
    print("the parent keeps its own")
else:
    assert holder.native is None
"""


def number(value):
    if not isinstance(value, int):
        raise ValueError("a number")
    return value


def refuse(value):
    raise InvalidInputError("a message of its own")


READERS = {"threads": number, "other": refuse}


def test_inputs_that_fit_pass():
    check_inputs([IMAGE, ROWS], SPECS)
    check_inputs((IMAGE, ROWS[:1]), SPECS)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (None, "expected a list of arrays, got NoneType"),
        ([IMAGE], r"takes 2 inputs \(image, rows\), got 1"),
        ([IMAGE, [1, 2, 3]], "'rows' is a list, expected a NumPy array"),
        ([IMAGE.astype(float), ROWS], "'image' has the dtype float64, expected float32"),
        ([IMAGE[0], ROWS], r"'image' has the shape \(2, 2\), expected \(1, 2, 2\)$"),
        ([IMAGE, ROWS[:0]], r"expected \(-1, 3\), where -1 stands for any size"),
    ],
)
def test_inputs_that_do_not_fit_are_named(inputs, message):
    with pytest.raises(InvalidInputError, match=message):
        check_inputs(inputs, SPECS)


def test_options_are_parsed_and_none_stands_for_the_default():
    assert read_options("toy", {"threads": 2, "other": None}, READERS) == {"threads": 2}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"thread": 2}, "toy has no option 'thread'; it has other, threads"),
        ({"threads": "2"}, "the option 'threads' of toy is '2', expected a number"),
        ({"threads": "x" * 10_000}, r"is 'x{100,}\.\.\., expected a number"),
        ({"other": 1}, "^a message of its own$"),
    ],
)
def test_a_wrong_option_is_named_with_what_was_expected(options, message):
    with pytest.raises(InvalidInputError, match=message):
        read_options("toy", options, READERS)


def test_a_backend_without_options_says_so():
    with pytest.raises(InvalidInputError, match="toy has no option 'x'; it has none"):
        read_options("toy", {"x": 1}, {})


@pytest.mark.parametrize(
    ("error", "text"),
    [(ValueError("one\n  two"), "one two"), (KeyError(), "KeyError"), (OSError(" \n"), "OSError")],
)
def test_the_message_of_an_error_is_one_line(error, text):
    assert one_line(error) == text


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_keeps_the_native_object_for_good():
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-c", FORK]
    run = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert (run.returncode, run.stdout) == (0, "the parent keeps its own\n"), run.stderr


def test_a_holder_is_not_kept_alive():
    class Holder:
        def abandon(self):
            return None

    holder = Holder()
    keep_in_forked_child(holder)
    gone: list[int] = []
    import weakref

    weakref.finalize(holder, gone.append, 1)
    del holder
    gc.collect()
    assert gone == [1]
