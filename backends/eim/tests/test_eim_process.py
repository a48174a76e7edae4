"""A program runs under guard: its output is taken, its end is told, and nothing of it is left."""

from __future__ import annotations

import gc
import io
import logging
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from processes import PATIENCE, is_there, until

from ei_runner_core import BackendUnavailableError
from ei_runner_eim.process import EimProcess, PrivateFolder, link, supervision

PYTHON = sys.executable
EACH_LINE = 3  # 1 interrupts at each line of the package, and takes three times as long
FOREVER = "signal.pause()"
PACKAGE = str(Path(link.__file__).parent)
Starter = Callable[..., EimProcess]


@pytest.fixture
def make_program(tmp_path: Path) -> Callable[[str], Path]:
    """A program that runs some Python."""

    def maker(code: str) -> Path:
        path = tmp_path / "model.eim"
        path.write_text(
            f"#!{PYTHON} -IS\nimport os, signal, sys, time\n"
            "def say(text): print(text, file=sys.stderr, flush=True)\n" + code
        )
        path.chmod(0o700)
        return path

    return maker


@pytest.fixture
def start(make_program) -> Iterator[Starter]:
    started: list[EimProcess] = []

    def starter(code: str, *arguments: str, stop_timeout: float = 1.0, **more: Any) -> EimProcess:
        folder = PrivateFolder.choose()
        started.append(
            EimProcess.start(
                make_program(code), arguments, folder=folder, stop_timeout=stop_timeout, **more
            )
        )
        return started[-1]

    yield starter
    for process in started:
        process.close()


def test_it_runs_with_its_arguments_until_it_is_closed(start, tmp_path):
    told = tmp_path / "told"
    process = start(f"open({str(told)!r}, 'w').write(' '.join(sys.argv[1:]))\n{FOREVER}", "a", "é")

    until(lambda: told.exists() and told.read_text() == "a é")
    assert is_there(process.pid)
    assert not process.has_ended()
    assert not select.select([process], [], [], 0)[0]
    process.close()
    assert not is_there(process.pid)


def test_the_end_is_told_with_the_exit_code_and_the_last_words(start):
    process = start("say('no camera\\nfound'); sys.exit(3)")

    assert process.wait(PATIENCE)
    assert process.has_ended()
    assert (
        process.how_it_ended()
        == "has ended with the exit code 3; its last output: no camera | found"
    )


def test_the_end_by_a_signal_is_told_by_its_name(start):
    process = start("os.kill(os.getpid(), signal.SIGSEGV)")

    assert process.wait(PATIENCE)
    assert process.how_it_ended().startswith("was ended by the signal SIGSEGV (it crashed)")


def test_the_end_can_be_polled_for_and_stays_readable(start):
    process = start("pass")

    for _ in range(3):
        assert select.select([process], [], [], PATIENCE)[0]
        assert process.has_ended()


def test_waiting_for_the_end_has_a_deadline(start):
    process = start(FOREVER)

    begin = time.monotonic()
    assert not process.wait(0.05)
    assert 0.04 < time.monotonic() - begin < PATIENCE


def test_how_it_ended_is_still_known_after_it_was_closed(start):
    process = start("say('bye'); sys.exit(4)")
    process.wait(PATIENCE)
    process.close()

    assert process.how_it_ended() == "has ended with the exit code 4; its last output: bye"


def test_a_program_that_only_hung_up_still_runs(start, monkeypatch):
    monkeypatch.setattr("ei_runner_eim.process.guarded._LAST_WORDS_S", 0.05)
    assert start(FOREVER).how_it_ended().startswith("has closed the connection, but still runs")


def test_each_line_of_output_is_a_log_record(start, caplog):
    caplog.set_level(logging.DEBUG, "ei_runner_eim.output")
    process = start("print('one\\ntwo', flush=True); os.write(2, b'\\xff\\xfe three')")
    process.wait(PATIENCE)
    process.close()

    assert [record.getMessage() for record in caplog.records] == [
        "model.eim: one",
        "model.eim: two",
        "model.eim: \ufffd\ufffd three",
    ]


def test_a_broken_log_handler_stops_nothing(start):
    class Broken(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise ZeroDivisionError

    logger, handler = logging.getLogger("ei_runner_eim.output"), Broken()
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        process = start("for _ in range(1000): say('x' * 1000)\nsay('last')")
        assert process.wait(PATIENCE)
        assert process.how_it_ended().endswith("| last")
    finally:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)


@pytest.mark.parametrize("line", ["b'x' * 99 + b'\\n'", "b'x' * 100"])
def test_megabytes_of_output_never_stop_it_and_are_not_kept(start, line):
    process = start(f"for _ in range(8): os.write(1, ({line}) * 10_000)\nos.write(1, b'\\nend\\n')")

    assert process.wait(PATIENCE)
    assert process.how_it_ended().endswith("| end")
    assert sum(map(len, process._output._lines)) < 50_000


def test_the_last_twenty_lines_are_kept(start):
    process = start("for number in range(100): say(number)")
    process.wait(PATIENCE)

    assert process._output.last_lines(PATIENCE) == [str(number) for number in range(80, 100)]


def test_its_input_is_empty(start):
    process = start("say(repr(sys.stdin.read()))")
    process.wait(PATIENCE)

    assert process.how_it_ended().endswith("its last output: ''")


def test_pipes_become_its_input_and_output(start):
    program_reads, writer = os.pipe()
    reader, program_writes = os.pipe()
    process = start(
        "print(sys.stdin.readline().upper(), flush=True); say('beside')",
        stdio=(program_reads, program_writes),
    )
    os.close(program_reads)
    os.close(program_writes)
    os.write(writer, b"hello\n")
    with io.FileIO(reader) as output:
        assert output.read() == b"HELLO\n\n"  # it ends with the program: nobody else has the pipe
    os.close(writer)
    process.wait(PATIENCE)
    assert process.how_it_ended().endswith("its last output: beside")


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")
def test_it_inherits_nothing_but_its_three_descriptors(start):
    kept = os.dup(2)
    os.set_inheritable(kept, True)  # noqa: FBT003 - it takes no keyword
    process = start("say(sorted(os.listdir('/proc/self/fd'))[:-1])")
    process.wait(PATIENCE)
    os.close(kept)

    assert process.how_it_ended().endswith("['0', '1', '2']")


def test_signals_are_as_new_in_it_and_its_group_is_its_own(start):
    earlier = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
    try:
        process = start(
            "say([signal.getsignal(n).name for n in (signal.SIGTERM, signal.SIGHUP)])\n"
            "say(list(signal.pthread_sigmask(0, [])))\n"
            "say(os.getpgid(0) == os.getpid() != os.getsid(0))"
        )
    finally:
        signal.signal(signal.SIGTERM, earlier)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGUSR1])
    process.wait(PATIENCE)

    assert process.how_it_ended().endswith("['SIG_DFL', 'SIG_DFL'] | [] | True")


def test_it_has_the_environment_and_the_folder_of_the_host(start, monkeypatch, tmp_path):
    monkeypatch.setenv("EI_TOLD", "é \udcff")
    monkeypatch.chdir(tmp_path)
    process = start("say(ascii(os.environ['EI_TOLD']) + os.getcwd())")
    process.wait(PATIENCE)

    assert process.how_it_ended().endswith(f"'\\xe9 \\udcff'{tmp_path.resolve()}")


def test_closing_lets_it_clean_up(start, tmp_path):
    told = tmp_path / "told"
    process = start(
        f"def end(*_):\n  open({str(told)!r}, 'w').close()\n  sys.exit()\n"
        f"signal.signal(signal.SIGINT, end)\nsay('ready')\n{FOREVER}"
    )
    until(lambda: "ready" in process.what_it_said())
    process.close()

    assert told.exists()


def test_one_that_has_been_hung_up_on_is_not_even_signalled(start, tmp_path):
    told = tmp_path / "told"
    reader, writer = os.pipe()
    process = start(
        f"sys.stdin.read(); open({str(told)!r}, 'w').close()",
        stdio=(reader, os.dup(2)),
    )
    os.close(reader)
    os.close(writer)
    process.close()

    assert told.exists()


def test_one_that_ignores_all_requests_is_killed_in_time(start):
    process = start(
        "for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP): signal.signal(n, signal.SIG_IGN)"
        f"\nsay('ready')\nwhile True: {FOREVER}",
        stop_timeout=0.5,
    )
    until(lambda: "ready" in process.what_it_said())
    begin = time.monotonic()
    process.close()

    assert 0.4 < time.monotonic() - begin < 5
    assert not is_there(process.pid)
    assert "SIGKILL" in process.how_it_ended()


def test_a_stopped_program_is_ended_too(start):
    process = start(FOREVER, stop_timeout=0.2)
    os.kill(process.pid, signal.SIGSTOP)
    process.close()

    assert not is_there(process.pid)


@pytest.mark.parametrize("and_then", ["sys.exit(1)", FOREVER])
def test_what_it_has_started_ends_with_it(start, and_then):
    process = start(
        "if not os.fork():\n  signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        f"  say(os.getpid())\n  while True: {FOREVER}\n{and_then}"
    )
    until(process.what_it_said)
    grandchild = int(process.what_it_said().split()[-1])
    process.close()

    until(lambda: not is_there(grandchild) or _is_zombie(grandchild))


def _is_zombie(pid: int) -> bool:
    """A process that nobody waits for, as in a container without an init."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return False


def test_closing_twice_is_legal_and_from_many_threads_at_once_too(start):
    process = start(FOREVER)
    threads = [threading.Thread(target=process.close) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    process.close()

    assert not is_there(process.pid)
    assert process.fileno() == -1
    process.owns_segment("/shm-0123456789ab")  # too late, and no error


def test_it_ends_with_the_last_reference(make_program):
    folder = PrivateFolder.choose()
    process = EimProcess.start(make_program(FOREVER), [], folder=folder, stop_timeout=5)
    pid = process.pid
    del process
    gc.collect()

    assert not is_there(pid)
    assert not folder.path.exists()


def run(code: str, *arguments: object) -> str:
    """Run some Python in a process of its own; it prints what is returned, and no warnings."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-W", "ignore::DeprecationWarning", "-c", code]
        + [str(argument) for argument in arguments],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


START = """
import os, sys
from pathlib import Path
from ei_runner_eim.process import EimProcess, PrivateFolder
folder = PrivateFolder.choose()
process = EimProcess.start(Path(sys.argv[1]), [], folder=folder, stop_timeout=5)
print(process.pid, folder.path, flush=True)
"""


def test_it_ends_with_the_interpreter(make_program):
    pid, path = run(START, make_program(FOREVER)).split()

    assert not is_there(int(pid))
    assert not Path(path).exists()


def test_a_forked_child_leaves_it_alone(make_program):
    code = """
child = os.fork()
if not child:
    if len(sys.argv) > 2:
        process.close()
    del process, folder
    sys.exit()
assert os.waitpid(child, 0)[1] == 0
assert not process.has_ended()
assert folder.path.exists()
process.close()
assert "SIGINT" in process.how_it_ended(), process.how_it_ended()
"""
    run(START + code, make_program(FOREVER))
    run(START + code, make_program(FOREVER), "and close it")


def things() -> tuple[int, int, bool]:
    """How many descriptors and threads there are, and whether there are children."""
    fds = Path("/proc/self/fd")
    count = len(list(fds.iterdir())) if fds.exists() else 0
    return count, threading.active_count(), has_children()


def has_children() -> bool:
    if not hasattr(os, "waitid"):
        return False
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def test_fifty_cycles_leave_nothing(make_program):
    path = make_program("")
    path.write_text("#!/bin/sh\nexit 0\n")
    before = things()
    folders = []
    for _ in range(50):
        folders.append(PrivateFolder.choose())
        process = EimProcess.start(path, [], folder=folders[-1], stop_timeout=5)
        process.close()

    assert things() == before
    assert not [folder.path for folder in folders if folder.path.exists()]


def interrupted(action: Callable[[], object], at: int) -> bool:
    """Do something that is interrupted at the n-th line of the package; whether it was."""
    seen = 0

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal seen
        if not frame.f_code.co_filename.startswith(PACKAGE):
            return None
        seen += event == "line"
        if event == "line" and seen == at:
            raise KeyboardInterrupt
        return trace

    earlier = sys.gettrace()
    sys.settrace(trace)
    try:
        action()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(earlier)
    return False


def test_an_interrupt_anywhere_in_the_start_leaves_nothing(make_program):
    path = make_program(FOREVER)
    before = things()
    at, was_interrupted = 0, True
    while was_interrupted:
        at += EACH_LINE
        folder = PrivateFolder.choose()
        started: list[EimProcess] = []

        def start_it(folder: PrivateFolder, started: list[EimProcess]) -> None:
            started.append(EimProcess.start(path, [], folder=folder, stop_timeout=0.1))

        was_interrupted = interrupted(lambda: start_it(folder, started), at)  # noqa: B023
        for process in started:
            process.close()
        folder.remove()
        gc.collect()
        assert things() == before, f"interrupted at line {at}"
    assert at > 20


def test_an_interrupted_close_can_be_repeated(make_program):
    path = make_program(FOREVER)
    before = things()
    at, was_interrupted = 0, True
    while was_interrupted:
        at += EACH_LINE
        folder = PrivateFolder.choose()
        process = EimProcess.start(path, [], folder=folder, stop_timeout=0.1)
        was_interrupted = interrupted(process.close, at)
        if at % 2:
            process.close()
        del process
        gc.collect()
        assert things() == before, f"interrupted at line {at}"
        assert not folder.path.exists()
    assert at > 20


def test_the_guard_needs_some_python_and_finds_one(start, monkeypatch):
    monkeypatch.setattr(sys, "executable", "")
    assert start("sys.exit(3)").wait(PATIENCE)
    monkeypatch.setattr(sys, "executable", "/opt/frozen-application")
    assert start("sys.exit(3)").wait(PATIENCE)


def test_without_any_python_that_is_one_clear_error(start, monkeypatch):
    monkeypatch.setattr(sys, "executable", "")
    monkeypatch.setattr(link.shutil, "which", lambda name: None)

    with pytest.raises(BackendUnavailableError, match="no Python for the guard") as caught:
        start("pass")
    assert "\n" not in str(caught.value)


def test_a_guard_that_fails_says_why(start, monkeypatch):
    monkeypatch.setattr(link, "_GUARD", Path("/no/such/guard.py"))
    before = things()

    with pytest.raises(BackendUnavailableError, match=r"cannot be started.*/no/such/guard\.py"):
        start("pass")
    assert things() == before


def test_without_a_thread_that_is_one_clear_error(start, monkeypatch):
    def fail(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(supervision.threading.Thread, "start", fail)
    with pytest.raises(BackendUnavailableError, match="can't start new thread"):
        start("pass")
