"""The guard ends a program when its host is gone in whatever way, and removes what it left."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from processes import PATIENCE, is_there, until

from ei_runner_eim.process import EimProcess, PrivateFolder
from ei_runner_eim.shared_memory import Segment, unlink

# Makes two segments, maps one, and does not end by itself, nor when it is asked to.
STUBBORN = """
import _posixshmem, mmap, os, signal, sys
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
names = sys.argv[1:3]
fds = [_posixshmem.shm_open(name, os.O_RDWR | os.O_CREAT, mode=0o600) for name in names]
os.ftruncate(fds[0], 4096)
mapped = mmap.mmap(fds[0], 4096)
print("ready", file=sys.stderr, flush=True)
while True:
    signal.pause()
"""

HOST = """
import os, select, sys, time
from pathlib import Path
from ei_runner_eim.process import EimProcess, PrivateFolder
if "no pidfd" in sys.argv:
    del os.pidfd_open
folder = PrivateFolder.choose()
program, *names = sys.argv[1:4]
process = EimProcess.start(Path(program), names, folder=folder, stop_timeout=0.3)
(folder.path / "eim").write_bytes(b"")
process.owns_segment(names[1])
while "ready" not in process.what_it_said():
    time.sleep(0.005)
copy = os.fork() if "fork" in sys.argv else 0
if "fork" in sys.argv and not copy:
    while True:
        time.sleep(60)
print(process.pid, process._link.guard_pid, copy, folder.path, flush=True)
if "exec" in sys.argv:
    os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(60)"])
select.select([], [], [])
"""


@pytest.fixture
def names() -> Iterator[tuple[str, str]]:
    """Of two segments."""
    made = f"/shm-{secrets.token_hex(6)}", f"/shm-{secrets.token_hex(6)}"
    yield made
    for name in made:
        unlink(name)


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "model.eim"
    path.write_text(f"#!{sys.executable} -IS\n{STUBBORN}")
    path.chmod(0o700)
    return path


@pytest.fixture
def stubborn(program, names) -> Iterator[EimProcess]:
    folder = PrivateFolder.choose()
    process = EimProcess.start(program, names, folder=folder, stop_timeout=0.3)
    until(lambda: "ready" in process.what_it_said())
    yield process
    process.close()
    assert not folder.path.exists()


def segment_is_there(name: str) -> bool:
    try:
        Segment.attach(name, 1).close()
    except FileNotFoundError:
        return False
    except ValueError:
        pass  # it is empty
    return True


@pytest.mark.parametrize("how", ["", "no pidfd", "fork", "exec"])
@pytest.mark.parametrize("number", [signal.SIGKILL])
def test_nothing_outlives_a_host_that_is_gone(program, names, how, number):
    host = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", HOST, program, *names, how],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert host.stdout is not None
    words = host.stdout.readline().split()
    pid, guard, copy = map(int, words[:3])
    folder = Path(words[3])
    if how != "exec":
        assert is_there(pid)
        assert is_there(guard)
        host.send_signal(number)

    until(lambda: not is_there(pid) and not is_there(guard) and not folder.exists())
    assert not any(map(segment_is_there, names))
    if how == "fork":
        assert is_there(copy)
        os.kill(copy, signal.SIGKILL)
    host.kill()
    host.communicate()


def test_segments_of_a_killed_program_are_removed(stubborn, names):
    stubborn.owns_segment(names[1])
    assert all(map(segment_is_there, names))
    stubborn.close()

    assert not any(map(segment_is_there, names))


def test_segments_of_a_program_that_crashed_are_removed(stubborn, names):
    for name in names:
        stubborn.owns_segment(name)
    os.kill(stubborn.pid, signal.SIGKILL)
    assert stubborn.wait(PATIENCE)
    stubborn.close()

    assert not any(map(segment_is_there, names))


def test_a_program_cannot_have_segments_of_others_removed(stubborn):
    other = f"/psm_{secrets.token_hex(6)}"
    import _posixshmem

    os.close(_posixshmem.shm_open(other, os.O_RDWR | os.O_CREAT, mode=0o600))
    for name in (other, "/shm-/../x", "shm-0123456789ab", "/shm-a\nend\n", "/shm-é"):
        stubborn.owns_segment(name)
    assert not stubborn.wait(0.05)
    stubborn.close()

    assert segment_is_there(other)
    unlink(other)


def test_the_guard_does_not_end_when_it_is_asked_to(stubborn):
    guard = stubborn._link.guard_pid
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        os.kill(guard, number)
    assert not stubborn.wait(0.1)

    assert is_there(guard)
    stubborn.close()
    assert not is_there(guard)
    assert not is_there(stubborn.pid)


def test_the_host_does_the_work_of_a_guard_that_was_killed(stubborn, names):
    stubborn.owns_segment(names[1])
    os.kill(stubborn._link.guard_pid, signal.SIGKILL)

    assert stubborn.wait(PATIENCE)
    assert "has lost its guard process, which was killed" in stubborn.how_it_ended()
    assert is_there(stubborn.pid)
    begin = time.monotonic()
    stubborn.close()
    assert time.monotonic() - begin < 10
    assert not is_there(stubborn.pid)
    assert not any(map(segment_is_there, names))


def test_a_guard_that_hangs_is_replaced(stubborn, names, monkeypatch):
    monkeypatch.setattr("ei_runner_eim.process.supervision._BEYOND_STOP_S", 0.1)
    guard = stubborn._link.guard_pid
    os.kill(guard, signal.SIGSTOP)
    stubborn.close()

    assert not is_there(guard)
    assert not is_there(stubborn.pid)
    assert not segment_is_there(names[0])


def test_the_guard_is_in_a_session_of_its_own(stubborn):
    guard = stubborn._link.guard_pid

    assert os.getsid(guard) == guard == os.getsid(stubborn.pid)  # where no Ctrl-C reaches them
    assert os.getpgid(stubborn.pid) == stubborn.pid
