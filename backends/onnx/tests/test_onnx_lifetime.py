"""Sessions end well: closed, forgotten, in their hundreds, and in a forked child."""

from __future__ import annotations

import gc
import os
import threading
import weakref
from pathlib import Path

import numpy as np
import pytest

from ei_runner_core import InferenceError, Network, UnsupportedModelError
from ei_runner_onnx.backend import OnnxBackend

MODEL = Path(__file__).parent / "models" / "conv.onnx"
IMAGE = np.zeros((1, 1, 6, 6), np.float32)
FILES = Path("/proc/self/fd")
TASKS = Path("/proc/self/task")
LARGEST_GROWTH = 8 << 20
needs_proc = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc")

FORK = """
import os, sys
from pathlib import Path
import numpy as np
from ei_runner_core import InferenceError, Network
from ei_runner_onnx.backend import OnnxBackend

def open_session(threads, spinning="0"):
    network = Network("conv", ".onnx", path=Path(sys.argv[1]))
    config = {"session.intra_op.allow_spinning": spinning}
    return OnnxBackend().open(network, {"num_threads": threads, "session_options": config})

image = [np.ones((1, 1, 6, 6), np.float32)]
sessions = [open_session(1), open_session(2), open_session(4), open_session(4, "1")]
expected = sessions[0].run(image)[0]
child = os.fork()
if child:
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0, status
    for session in sessions:
        assert np.allclose(session.run(image)[0], expected)
        session.close()
    print("parent and child are well")
else:
    for session in sessions:
        try:
            session.run(image)
        except InferenceError as error:
            assert "another process: open it again" in str(error)
        else:
            raise AssertionError("the child used its parent's network")
    sessions[1].close()
    with open_session(2) as own:
        assert np.allclose(own.run(image)[0], expected)
"""

FORK_WHILE_RUNNING = """
import os, sys, threading
from pathlib import Path
import numpy as np
from ei_runner_core import InferenceError, Network
from ei_runner_onnx.backend import OnnxBackend

network = Network("spin", ".onnx", path=Path(sys.argv[1]))
session = OnnxBackend().open(network, {})
busy, done = threading.Event(), threading.Event()

def work():
    while not done.is_set():
        session.run([np.array(10_000, np.int64)])
        busy.set()

thread = threading.Thread(target=work)
thread.start()
busy.wait()
child = os.fork()
if child:
    _, status = os.waitpid(child, 0)
    done.set()
    thread.join()
    assert os.waitstatus_to_exitcode(status) == 0, status
    print("parent and child are well")
else:
    session.close()
    del session
"""


def open_session(**options: object):
    return OnnxBackend().open(Network("conv", ".onnx", path=MODEL), options)


def test_closing_twice_is_legal():
    session = open_session()
    session.close()
    session.close()


def test_a_closed_network_says_so():
    with open_session() as session:
        session.run([IMAGE])

    for inputs in ([IMAGE], [], None):
        with pytest.raises(InferenceError, match="the network is closed: open it again"):
            session.run(inputs)


def test_a_forgotten_session_is_freed_at_once():
    session = open_session(num_threads=2)
    gone = weakref.ref(session)
    gc.disable()
    try:
        del session
        assert gone() is None
    finally:
        gc.enable()


def resources() -> tuple[int, int]:
    """Open files and threads of this process, as the system counts them."""
    return len(list(FILES.iterdir())), len(list(TASKS.iterdir()))


def memory() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


@needs_proc
@pytest.mark.parametrize("end", ["closed", "forgotten"])
def test_opening_and_ending_two_hundred_networks_leaks_nothing(end):
    def cycle() -> None:
        session = open_session(num_threads=2)
        session.run([IMAGE])
        if end == "closed":
            session.close()

    for _ in range(20):
        cycle()
    before, used = resources(), memory()
    for _ in range(200):
        cycle()

    assert resources() == before
    assert memory() - used < LARGEST_GROWTH


@needs_proc
def test_a_network_that_is_refused_leaks_nothing(open_network):
    def attempt() -> None:
        with pytest.raises(UnsupportedModelError, match="Frobnicate"):
            open_network("custom_domain", num_threads=2)

    attempt()
    gc.collect()
    before = resources()
    for _ in range(50):
        attempt()
    gc.collect()

    assert resources() == before


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_refuses_and_ends_normally(run_script):
    code = _without_fork_warning(FORK)

    assert run_script(code, MODEL.with_name("conv.onnx")).strip() == "parent and child are well"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_fork_during_a_run_leaves_no_lock_behind(run_script):
    code = _without_fork_warning(FORK_WHILE_RUNNING)

    assert run_script(code, MODEL.with_name("spin.onnx")).strip() == "parent and child are well"


def _without_fork_warning(code: str) -> str:
    """Newer Pythons warn about forking with threads, which is what these tests are about."""
    return "import warnings\nwarnings.simplefilter('ignore', DeprecationWarning)\n" + code


def test_a_session_may_be_closed_in_the_middle_of_its_own_run():
    """As a signal handler does, which runs in the thread that it interrupts."""
    session = open_session()
    call = session._call

    def interrupted(inputs):
        session.close()
        return call(inputs)

    session._call = interrupted
    assert len(session.run([IMAGE])) > 0
    with pytest.raises(InferenceError, match="the network is closed"):
        session.run([IMAGE])


def test_a_session_may_be_closed_in_another_thread():
    session = open_session(num_threads=2)
    thread = threading.Thread(target=session.close)
    thread.start()
    thread.join()

    with pytest.raises(InferenceError):
        session.run([IMAGE])


def test_the_content_of_the_file_is_not_needed_after_opening(tmp_path):
    path = tmp_path / "network.onnx"
    path.write_bytes(MODEL.read_bytes())
    session = OnnxBackend().open(Network("copy", ".onnx", path=path), {})
    (expected,) = session.run([IMAGE])
    path.write_bytes(b"")

    np.testing.assert_array_equal(session.run([IMAGE])[0], expected)
    session.close()
