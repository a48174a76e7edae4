"""One session in many threads."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from ei_runner_core import InferenceError

PATIENCE = 60.0


@pytest.fixture
def no_forced_switches() -> Iterator[None]:
    """The GIL changes hands only where the thread that has it lets go."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(PATIENCE)
    yield
    sys.setswitchinterval(usual)


def test_threads_that_share_a_session_get_their_own_answers(open_network):
    session = open_network("dynamic")
    (unit,) = session.run([np.eye(4, dtype=np.float32)])

    def work(number: int) -> None:
        rows = np.full((1 + number % 3, 4), number, np.float32)
        for _ in range(100):
            (answer,) = session.run([rows])
            np.testing.assert_allclose(answer, rows @ unit, rtol=1e-4)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))


def test_other_threads_run_while_the_network_does(open_network, no_forced_switches):
    session = open_network("spin")
    go, went = threading.Event(), threading.Event()

    def background() -> None:
        go.wait(PATIENCE)
        went.set()

    thread = threading.Thread(target=background)
    thread.start()
    go.set()
    for _ in range(50):
        assert session.run([np.array(100_000, np.int64)])[0] == 100_000
        if went.is_set():
            break
    seen_while_running = went.is_set()
    thread.join(PATIENCE)

    assert seen_while_running


def test_closing_waits_for_the_run_of_another_thread(open_network):
    session = open_network("spin")
    started = threading.Event()

    def run() -> int:
        started.set()
        answers = []
        while True:
            try:
                answers.append(int(session.run([np.array(20_000, np.int64)])[0]))
            except InferenceError:
                return sum(answers) // 20_000 == len(answers)

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(run)
        assert started.wait(PATIENCE)
        session.close()
        assert future.result(PATIENCE)


def test_wrong_and_right_inputs_from_many_threads_do_not_mix(open_network):
    session = open_network("add")

    def work(number: int) -> None:
        for _ in range(50):
            if number % 2:
                with pytest.raises(ValueError, match="shape"):
                    session.run([np.zeros((1, number), np.float32)])
            else:
                row = np.full((1, 4), number, np.float32)
                assert_array_equal(session.run([row])[0], row + 1)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))
