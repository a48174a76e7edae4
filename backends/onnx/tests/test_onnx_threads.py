"""The engine leaves Python to other threads while it computes."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator

import numpy as np
import pytest

PATIENCE = 60.0


@pytest.fixture
def no_forced_switches() -> Iterator[None]:
    """The GIL changes hands only where the thread that has it lets go."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(PATIENCE)
    yield
    sys.setswitchinterval(usual)


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
