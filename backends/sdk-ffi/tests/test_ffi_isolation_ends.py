"""However a model in a worker process and its host end, nothing is left of either."""

from __future__ import annotations

import contextlib
import gc
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import ffi_isolated_sessions as told
import numpy as np
import pytest
from processes import is_there, until

from ei_runner_core import (
    DeadlineError,
    InferenceError,
    ModelFormatError,
    ProcessDiedError,
)
from ei_runner_core.testing.threads import Worker
from ei_runner_sdk_ffi.isolation.session import open_isolated

MARK = "FFI_ISOLATION_TEST_MARK"
WINDOW = np.float32([1, 2, 3, 4.5])
HANG = np.float32([told.HANG, 0, 0, 0])
HOST = """
import os, signal, sys, threading, warnings
import numpy as np
from ei_runner_core import EdgeImpulseError
from ei_runner_sdk_ffi.isolation.session import open_isolated

def start(**arguments):
    return open_isolated("ffi_isolated_sessions:tell", arguments, timeout=60, start_timeout=60,
                         stop_timeout=0.3, name="m")

window = np.float32([1, 2, 3, 4.5])
model = start(bell=sys.argv[1])
model.classify(window)
"""
IN_A_CALL = f"model.classify(np.float32([{told.HANG}, 0, 0, 0]))\n"


def held():
    """Open files and threads of this process."""
    return len(list(Path("/dev/fd").iterdir())), {thread.name for thread in threading.enumerate()}


def processes(mark):
    """The processes that inherited a mark, and all children that nobody has waited for."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            status = (folder / "stat").read_text().rpartition(")")[2].split()
            is_dead_child = status[0] == "Z" and int(status[1]) == os.getpid()
            if is_dead_child or f"{MARK}={mark}".encode() in (folder / "environ").read_bytes():
                found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return found


@pytest.fixture(autouse=True)
def nothing_left(monkeypatch):
    """What a test began is gone at its end: processes, threads, descriptors."""
    mark = os.urandom(8).hex()
    monkeypatch.setenv(MARK, mark)
    gc.collect()
    before = held()
    yield lambda: until(lambda: not processes(mark))
    gc.collect()
    assert processes(mark) == []
    assert held() == before


@pytest.fixture
def bell(tmp_path):
    """Where a model that hangs writes the id of its process."""
    return tmp_path / "bell"


def start(target="tell", timeout=60.0, stop_timeout=5.0, restart="never", **arguments):
    return open_isolated(
        f"{told.__name__}:{target}", arguments, timeout=timeout, start_timeout=60,
        stop_timeout=stop_timeout, restart=restart, name="a.model",
    )  # fmt: skip


def total(session):
    return session.classify(WINDOW).classification["sum"]


def pid_from(bell):
    until(lambda: bell.exists() and bell.read_text())
    return int(bell.read_text())


@pytest.fixture
def host(bell, monkeypatch):
    """Starts a Python that opens a model and goes on with some lines."""
    started = []

    def starter(lines):
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", HOST + lines, str(bell)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        started.append(process)
        return process

    yield starter
    for process in started:
        process.kill()
        process.communicate()


def ended(process):
    out, errors = process.communicate(timeout=30)
    return process.returncode, out.decode(), errors.decode()


@pytest.mark.parametrize("how", ["exit", "exception", "os._exit", "abort", "cycle"])
def test_a_host_that_ends_without_close(host, nothing_left, how):
    lines = {
        "exit": "sys.exit()",
        "exception": "1 / 0",
        "os._exit": "os._exit(0)",
        "abort": "os.kill(os.getpid(), signal.SIGABRT)",
        "cycle": "model.me = model; del model",
    }[how]
    code, out, errors = ended(host(lines))
    assert code == {"exception": 1, "abort": -signal.SIGABRT}.get(how, 0), errors
    assert ("Traceback" in errors) == (how == "exception"), errors
    assert out == ""
    nothing_left()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_host_that_is_ended_while_native_code_hangs(host, bell, nothing_left, number):
    process = host(IN_A_CALL)
    pid_from(bell)
    process.send_signal(number)
    code, _, errors = ended(process)
    assert code == -number, errors
    nothing_left()


def test_a_host_that_is_killed_while_the_model_opens(host, bell, nothing_left):
    lines = """
open_isolated("ffi_isolated_sessions:fail", {"how": "hang", "bell": sys.argv[1]},
              timeout=60, start_timeout=60, name="m")
"""
    process = host(lines)
    pid_from(bell)
    process.kill()
    process.wait(30)
    nothing_left()


def test_a_host_that_is_killed_while_its_forked_child_lives(host, bell, nothing_left):
    lines = """
warnings.simplefilter("ignore")
if os.fork() == 0:
    signal.pause()
print(os.getpid(), flush=True)
"""
    process = host(lines + IN_A_CALL)
    pid = pid_from(bell)
    process.kill()
    process.wait(30)
    until(lambda: not is_there(pid))
    os.killpg(process.pid, signal.SIGKILL)
    nothing_left()


def test_a_host_that_ends_while_another_thread_is_in_a_call(host, bell, nothing_left):
    lines = f"""
def work():
    {IN_A_CALL}
threading.Thread(target=work, daemon=True).start()
while not os.path.exists(sys.argv[1]):
    pass
"""
    code, out, _ = ended(host(lines))
    assert (code, out) == (0, "")
    nothing_left()


def test_forked_children_leave_the_process_alone(host, nothing_left):
    lines = """
warnings.simplefilter("ignore")
children = []
for how in ("exit", "close", "ask", "own", "forget"):
    child = os.fork()
    if child == 0:
        try:
            if how == "close":
                model.close()
            elif how == "ask":
                for call in (lambda: model.classify(window), model.reset):
                    try:
                        call()
                    except EdgeImpulseError as error:
                        assert "was opened in another process: open it again" in str(error), error
                    else:
                        os._exit(7)
            elif how == "own":
                with start() as own:
                    own.classify(window)
            elif how == "forget":
                del model
        except BaseException as error:
            print(repr(error), flush=True)
            os._exit(8)
        sys.exit()
    children.append(os.waitpid(child, 0)[1])
    assert model.classify(window).classification["sum"] == 10.5
model.close()
print(children)
"""
    code, out, errors = ended(host(lines))
    assert (code, out.strip(), errors) == (0, "[0, 0, 0, 0, 0]", "")
    nothing_left()


def test_a_child_that_a_stranger_forks_cannot_end_it(host):
    """Without Python's handlers: it still has the descriptors, and its exit runs the finalizers."""
    lines = """
import ctypes
child = ctypes.PyDLL(None).fork()
if child == 0:
    sys.exit()
os.waitpid(child, 0)
print(model.classify(window).classification["sum"])
"""
    code, out, errors = ended(host(lines))
    assert (code, out.strip()) == (0, "10.5"), errors


def test_closing_lets_the_model_close_there(tmp_path):
    session = start(at_close=str(tmp_path / "closed"))
    session.close()
    assert (tmp_path / "closed").read_text() == "closed"
    session.close()
    with pytest.raises(InferenceError, match="closed"):
        total(session)


def test_a_closed_model_holds_nothing_while_it_is_kept():
    before = held()
    session = start()
    total(session)
    assert held() != before
    session.close()
    assert held() == before


def test_a_model_that_does_not_close_is_killed(bell):
    session = start(at_close="hang", stop_timeout=0.3)
    begin = time.monotonic()
    session.close()
    assert 0.3 <= time.monotonic() - begin < 5


def test_closing_waits_for_the_call_of_another_thread(bell):
    os.mkfifo(bell)
    session = start(bell=str(bell))
    answers = []
    waiting = np.float32([told.WAIT, 0, 0, 0])
    asking = Worker(lambda: answers.append(session.classify(waiting)))
    with bell.open("w"):
        closing = Worker(session.close)
    asking.finish()
    closing.finish()
    assert len(answers) == 1


def test_what_the_model_has_started_goes_with_it_when_it_is_killed(bell):
    session = start(bell=str(bell), timeout=1.0)
    session.classify(np.float32([told.CHILD, 0, 0, 0]))
    pid = pid_from(bell)
    with pytest.raises(DeadlineError):
        session.classify(HANG)
    until(lambda: not is_there(pid))


@pytest.mark.parametrize("end", ["closed", "forgotten", "died", "late", "refused"])
def test_many_cycles_leave_nothing(end):
    for _ in range(3):
        if end == "refused":
            with pytest.raises(ModelFormatError):
                start("fail", how="damaged")
            continue
        session = start(timeout=0.2 if end == "late" else 60)
        if end in ("died", "late"):
            what = told.CRASH if end == "died" else told.HANG
            with pytest.raises((ProcessDiedError, DeadlineError)):
                session.classify(np.float32([what, 0, 0, 0]))
            session.close()
        elif end == "closed":
            total(session)
            session.close()
        del session


def test_a_forgotten_cycle_of_references_ends_with_it():
    session = start()
    session.me = session
    del session
    gc.collect()


def test_an_exception_in_a_with_block_ends_it():
    with pytest.raises(KeyError), start():
        raise KeyError


@pytest.fixture
def alarm():
    """Interrupts after some seconds, as Ctrl-C would."""

    def interrupt(*_):
        raise KeyboardInterrupt

    earlier = signal.signal(signal.SIGALRM, interrupt)
    yield lambda seconds: signal.setitimer(signal.ITIMER_REAL, seconds)
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, earlier)


def test_an_interrupt_at_any_point_of_opening_and_closing_leaves_nothing(alarm, nothing_left):
    chance = random.Random(5)
    longest = 0.002
    for _ in range(16):
        begin = time.monotonic()
        with contextlib.suppress(KeyboardInterrupt):
            alarm(chance.uniform(1e-4, longest))
            start().close()
            alarm(0)
        longest = max(longest * 1.7, 1.2 * (time.monotonic() - begin))
        longest = min(longest, 0.4)


def test_an_interrupt_at_any_point_of_a_call_leaves_a_model_that_can_be_used(alarm):
    chance = random.Random(6)
    with start() as session:
        for turn in range(300):
            with contextlib.suppress(KeyboardInterrupt):
                alarm(chance.uniform(1e-6, 1e-3))
                while True:
                    total(session)
                    session.set_threshold(7, min_score=turn)
            assert total(session) == 10.5
            score = session.thresholds[0].values["min_score"]
            session.set_threshold(7, iou=0.25)
            assert session.thresholds[0].values["min_score"] == score


def test_eight_threads_see_the_same_end():
    session = start()
    begin = threading.Barrier(8)

    def work(number):
        begin.wait()
        window = np.float32([told.ABORT if number == 3 else 1, 0, 0, 0])
        with pytest.raises(ProcessDiedError, match="SIGABRT"):
            [session.classify(window) for _ in range(10_000)]

    for worker in [Worker(lambda number=number: work(number)) for number in range(8)]:
        worker.finish()
    session.close()
