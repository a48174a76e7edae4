"""What the session for native engines does, around an engine that is none."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

from ei_runner_core import InferenceError, InvalidInputError, TensorSpec
from ei_runner_core.authoring import EngineSession

INPUTS = (TensorSpec("x", (-1, 2), "float32"),)
OUTPUTS = (TensorSpec("y", (-1, 2), "float32"),)
ROW = np.ones((1, 2), np.float32)


class Engine:
    """Doubles its input; fails on 13."""

    def call(self, arrays):
        if arrays[0].flat[0] == 13:
            raise RuntimeError("bad\n luck")
        return (arrays[0] * 2,)


class Doubler(EngineSession):
    engine_name = "the doubler"

    def __init__(self, engine=None, ready_for=None):
        engine = engine or Engine()
        super().__init__(engine, engine.call, INPUTS, OUTPUTS, ready_for)
        self.prepared: list[tuple[int, ...]] = []

    def run_in_new_shapes(self, inputs):
        self.prepared.append(inputs[0].shape)
        return super().run_in_new_shapes(inputs)


def test_new_shapes_are_prepared_once():
    session = Doubler()
    for rows in (1, 1, 3, 3, 1):
        (answer,) = session.run([np.ones((rows, 2), np.float32)])
        assert answer.tolist() == [[2, 2]] * rows
    assert session.prepared == [(1, 2), (3, 2), (1, 2)]


def test_shapes_that_the_engine_is_ready_for_are_not_prepared():
    session = Doubler(ready_for=[(1, 2)])
    session.run([ROW])
    assert session.prepared == []


@pytest.mark.parametrize("inputs", [[], [ROW, ROW], [ROW[0]], [ROW.astype(int)], [[[1.0, 1.0]]], 7])
def test_what_does_not_fit_never_reaches_the_engine(inputs):
    session = Doubler(ready_for=[(1, 2)])
    with pytest.raises(InvalidInputError):
        session.run(inputs)
    assert session.prepared == []
    assert session.run([ROW])[0].tolist() == [[2, 2]]


@pytest.mark.parametrize("ready_for", [None, [(1, 2)]])
def test_a_failure_names_the_engine_in_one_line_and_the_next_run_is_right(ready_for):
    session = Doubler(ready_for=ready_for)
    with pytest.raises(InferenceError, match="^the doubler failed: bad luck$"):
        session.run([ROW * 13])
    assert session.run([ROW])[0].tolist() == [[2, 2]]


def test_closing_lets_the_engine_go_though_the_session_stays():
    engine = Engine()
    gone = weakref.ref(engine)
    session = Doubler(engine, ready_for=[(1, 2)])
    del engine
    session.run([ROW])
    session.close()
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize("ready_for", [None, [(1, 2)]])
def test_a_signal_handler_may_close_in_the_middle_of_a_run(ready_for):
    class Interrupted(Engine):
        def call(self, arrays):
            session.close()
            return super().call(arrays)

    session = Doubler(Interrupted(), ready_for)
    assert session.run([ROW])[0].tolist() == [[2, 2]]
    with pytest.raises(InferenceError, match="^the network is closed: open it again$"):
        session.run([ROW])


def test_what_was_abandoned_says_so_and_hands_out_the_engine():
    engine = Engine()
    session = Doubler(engine)
    assert session.abandon() is engine
    for _ in range(2):
        with pytest.raises(InferenceError, match="opened in another process: open it again in th"):
            session.run([ROW])
        session.close()
