"""One call at a time, also where signal handlers call."""

from __future__ import annotations

import threading

import pytest

from ei_runner_core import InferenceError
from ei_runner_core.authoring import Turn


class HandledLock:
    """A lock whose taking is followed by a signal handler."""

    def __init__(self, lock, handler):
        self.lock = lock
        self.handler = handler

    def __enter__(self):
        self.lock.acquire()
        handler, self.handler = self.handler, lambda: None
        handler()

    def __exit__(self, *_):
        self.lock.release()

    def __getattr__(self, name):
        return getattr(self.lock, name)


def test_a_handler_may_call_before_the_work_has_begun():
    turn, done = Turn(), []
    turn._lock = HandledLock(turn._lock, lambda: turn.run(done.append, "handler"))
    finished = threading.Thread(target=turn.run, args=(done.append, "call"), daemon=True)
    finished.start()
    finished.join(10)
    assert done == ["handler", "call"]


def test_a_handler_may_not_call_in_the_middle_of_the_work():
    turn = Turn()
    with pytest.raises(InferenceError, match="from a signal handler or a finalizer"):
        turn.run(lambda: turn.run(lambda: None))
    assert turn.run(lambda: 7) == 7


def test_an_interrupt_that_leaves_the_owner_behind_does_no_harm():
    turn = Turn()
    turn._owner = threading.get_ident()
    assert turn.run(lambda: 7) == 7
    turn.close(lambda: None)
