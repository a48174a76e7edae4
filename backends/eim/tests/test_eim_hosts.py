"""Programs under guard in hosts and places of all kinds, and when the host ends at any moment."""

from __future__ import annotations

import os
import resource
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from processes import PATIENCE, is_there, until

from ei_runner_core import BackendUnavailableError, EdgeImpulseError
from ei_runner_eim.process import EimProcess, PrivateFolder, link, prepare
from ei_runner_eim.shared_memory import Segment, unlink

EACH_LINE = 5  # 1 kills the host at each line of the package, and takes five times as long
PACKAGE = str(Path(link.__file__).parent)
SLEEP = "#!/bin/sh\necho ready >&2\nexec sleep 60\n"
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")

# Listens, makes a segment, and does not end when it is first asked to.
SERVER = f"""#!{sys.executable} -IS
import _posixshmem, mmap, os, signal, socket, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
listening = socket.socket(socket.AF_UNIX)
listening.bind(sys.argv[1])
fd = _posixshmem.shm_open(sys.argv[2], os.O_RDWR | os.O_CREAT, mode=0o600)
os.ftruncate(fd, 4096)
mapped = mmap.mmap(fd, 4096)
print("ready", file=sys.stderr, flush=True)
signal.pause()
"""

# Makes a segment only when it is asked to end, and then ends at once.
LATE = f"""#!{sys.executable} -IS
import _posixshmem, mmap, os, signal, sys
def make(*_):
    global mapped
    fd = _posixshmem.shm_open(sys.argv[1], os.O_RDWR | os.O_CREAT, mode=0o600)
    os.ftruncate(fd, 4096)
    mapped = mmap.mmap(fd, 4096)
signal.signal(signal.SIGINT, make)
print("ready", file=sys.stderr, flush=True)
while True:
    signal.pause()
"""

HOST = """
import os, signal, sys, time
from pathlib import Path
from ei_runner_eim.process import EimProcess, PrivateFolder
program, report = sys.argv[1:3]
report = open(report, "w")
{before}
folder = PrivateFolder.choose()
process = EimProcess.start(Path(program), [], folder=folder, stop_timeout=1, **more)
while "ready" not in process.what_it_said():
    time.sleep(0.005)
pids = process.pid, process._link.guard_pid
{then}
process.close()
print(*pids, folder.path, file=report)
"""


@pytest.fixture
def make_program(tmp_path: Path) -> Callable[..., Path]:
    def maker(code: str, name: str = "model.eim", mode: int = 0o700) -> Path:
        path = tmp_path / name
        path.write_text(code)
        path.chmod(mode)
        return path

    return maker


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where private folders are made; its path is short, and no command line else has it."""
    folder = Path(tempfile.mkdtemp(prefix="t", dir="/tmp"))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def segment() -> Iterator[str]:
    """The name of a segment that is not there."""
    name = f"/shm-{secrets.token_hex(6)}"
    yield name
    unlink(name)


def started(executable: Path, *arguments: str, **more: Any) -> EimProcess:
    folder = PrivateFolder.choose()
    return EimProcess.start(executable, arguments, folder=folder, stop_timeout=0.5, **more)


def ready(process: EimProcess) -> EimProcess:
    until(lambda: "ready" in process.what_it_said() or process.has_ended())
    return process


def running(mark: object) -> list[str]:
    """The command lines of the processes that have this in them; one that has ended has none."""
    listed = subprocess.run(
        ["ps", "-axww", "-o", "stat=", "-o", "command="],
        capture_output=True,
        text=True,
        errors="replace",
        check=True,
    )
    lines = [line.split(None, 1) for line in listed.stdout.splitlines()]
    return [line[1] for line in lines if len(line) > 1 and str(mark) in line[1] and line[0] != "Z"]


def is_segment(name: str) -> bool:
    try:
        Segment.attach(name, 1).close()
    except FileNotFoundError:
        return False
    return True


def held() -> tuple[int, int]:
    """How many descriptors and threads there are."""
    fds = Path("/proc/self/fd")
    return len(list(fds.iterdir())) if fds.exists() else 0, threading.active_count()


def open_and_be_killed(path: Path, segment: str, at: int) -> None:
    """In a forked child: open a program, and be killed at the n-th line of the package."""
    seen = 0

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal seen
        if not frame.f_code.co_filename.startswith(PACKAGE):
            return None
        seen += event == "line"
        if event == "line" and seen >= at:
            os.kill(os.getpid(), signal.SIGKILL)
        return trace

    threading.settrace(trace)
    sys.settrace(trace)
    folder = PrivateFolder.choose()
    executable = prepare(path, folder, "copy")
    arguments = [str(folder.socket), segment]
    process = EimProcess.start(executable, arguments, folder=folder, stop_timeout=0.2)
    sys.settrace(None)
    ready(process)
    os._exit(0)  # which is as sudden


def test_nothing_is_left_of_a_host_that_is_killed_at_any_moment(make_program, place):
    path = make_program(SERVER, mode=0o644)
    names: list[str] = []
    was_killed = True
    while was_killed:
        names.append(f"/shm-{secrets.token_hex(6)}")
        child = os.fork()
        if not child:
            try:
                open_and_be_killed(path, names[-1], 1 + EACH_LINE * len(names))
            finally:
                os._exit(1)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert code in (0, -signal.SIGKILL)
        was_killed = code != 0

    assert len(names) > 20
    until(lambda: not running(place) and not list(place.iterdir()))
    left = [name for name in names if is_segment(name)]
    for name in left:
        unlink(name)
    assert left == []


def test_a_segment_that_is_made_while_the_program_is_ended_is_removed(make_program, segment):
    process = ready(started(make_program(LATE), segment))
    process.close()

    assert "SIGTERM" in process.how_it_ended()
    assert not is_segment(segment)


def test_a_program_can_still_say_something_when_its_host_is_gone(make_program, place, tmp_path):
    told = tmp_path / "told"
    program = make_program(
        "#!/bin/sh\n"
        f"trap 'echo bye >&2; echo bye; echo > \"{told}\"; exit' INT\n"
        "echo ready >&2\nwhile true; do sleep 0.01; done\n"
    )
    child = os.fork()
    if not child:
        try:
            ready(started(program))
        finally:
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)

    until(lambda: not running(place))
    assert told.exists()


def run_host(program: Path, report: Path, before: str = "", then: str = "") -> None:
    """Run a host with some lines; it must end by itself, with nothing left."""
    code = HOST.format(before=f"more = {{}}\n{before}", then=then)
    done = subprocess.run(
        [sys.executable, "-c", code, program, report],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    pid, guard, folder = report.read_text().split()
    assert not is_there(int(guard))
    until(lambda: not is_there(int(pid)))  # after its guard, somebody else waits for it
    assert not Path(folder).exists()


KILL_THE_GUARD = "os.kill(process._link.guard_pid, signal.SIGKILL)\nassert process.wait(30)"


@pytest.mark.parametrize("then", ["", KILL_THE_GUARD], ids=["", "guard-killed"])
@pytest.mark.parametrize("number", ["SIGCHLD", "SIGPIPE"])
def test_how_a_host_handles_signals_makes_no_difference(make_program, tmp_path, number, then):
    handler = {"SIGCHLD": "SIG_IGN", "SIGPIPE": "SIG_DFL"}[number]
    before = f"signal.signal(signal.{number}, signal.{handler})"

    run_host(make_program(SLEEP), tmp_path / "report", before, then)


@pytest.mark.parametrize("fds", [[0], [1], [2], [0, 1, 2]], ids=str)
def test_a_host_without_standard_streams_can_use_pipes(make_program, tmp_path, fds):
    before = (
        f"for fd in {fds}: os.close(fd)\n"
        "reads, writer = os.pipe()\nreader, writes = os.pipe()\n"
        "more = {'stdio': (reads, writes)}"
    )
    then = "os.write(writer, b'hello\\n')\nassert os.read(reader, 100) == b'got hello\\n'"
    program = make_program('#!/bin/sh\necho ready >&2\nread -r a\necho "got $a"\nexec sleep 60\n')

    run_host(program, tmp_path / "report", before, then)


def test_the_guard_of_one_host_leaves_the_programs_of_another_alone(make_program, place):
    program = make_program(SLEEP)
    child = os.fork()
    if not child:
        try:
            ready(started(program))
        finally:
            os.kill(os.getpid(), signal.SIGKILL)
    own = ready(started(program))
    os.waitpid(child, 0)
    until(lambda: len(list(place.iterdir())) == 1)

    assert not own.has_ended()
    assert len(running(place)) == 1  # its guard
    own.close()
    assert not running(place)


@linux_only
def test_thousands_of_descriptors_make_no_difference(make_program):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 3000
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.skip("the system allows fewer")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    kept = [os.dup(2) for _ in range(wanted - 200)]
    try:
        process = ready(started(make_program(SLEEP)))
        assert not process.has_ended()
        process.close()
        assert "SIGINT" in process.how_it_ended()
    finally:
        for fd in kept:
            os.close(fd)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@linux_only
def test_without_free_descriptors_that_is_one_clear_error_and_nothing_is_left(make_program, place):
    program = make_program(SLEEP)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    before = held()
    highest = max(int(fd.name) for fd in Path("/proc/self/fd").iterdir())
    process = None
    for free in range(1, 40):
        resource.setrlimit(resource.RLIMIT_NOFILE, (highest + free, hard))
        try:
            process = started(program)
        except BackendUnavailableError as error:
            assert "\n" not in str(error)  # noqa: PT017 - it need not be raised
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        if process is not None:
            break
        assert held() == before
        assert not list(place.iterdir())
    assert process is not None
    process.close()
    assert held() == before
    until(lambda: not running(place))


def test_a_large_environment_makes_no_difference(make_program, monkeypatch):
    for number in range(500):
        monkeypatch.setenv(f"EI_LARGE_{number}", "x" * 1000)
    process = ready(started(make_program(SLEEP)))

    assert not process.has_ended()
    process.close()


def test_an_environment_beyond_all_bounds_is_one_clear_error(make_program, monkeypatch, place):
    monkeypatch.setenv("EI_LARGE", "x" * 3_000_000)
    before = held()

    with pytest.raises(BackendUnavailableError, match="cannot be started"):
        started(make_program(SLEEP))
    assert held() == before
    assert not list(place.iterdir())


def in_own_mounts(mount: str, code: str, *arguments: object) -> None:
    """Run some Python where something is mounted that only it sees."""
    tool = shutil.which("unshare")
    if tool is None or subprocess.run([tool, "-m", "true"], capture_output=True).returncode:
        pytest.skip("this user may not mount")
    done = subprocess.run(
        [tool, "-m", "sh", "-c", f'{mount} && exec "$@"', "sh", sys.executable, "-c", code]
        + [str(argument) for argument in arguments],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


@linux_only
def test_it_works_without_proc(make_program, tmp_path):
    code = HOST.format(before="more = {}\nassert not os.path.exists('/proc/self')", then="")
    in_own_mounts("mount -t tmpfs none /proc", code, make_program(SLEEP), tmp_path / "report")


NOEXEC = """
import os, sys
from pathlib import Path
from ei_runner_core import EdgeImpulseError
from ei_runner_eim.process import EimProcess, PrivateFolder, prepare
path = Path(sys.argv[1], "model.eim")
path.write_text("#!/bin/sh\\nexit 7\\n")
for mode in (0o644, 0o755):
    path.chmod(mode)
    folder = PrivateFolder.choose()
    assert not folder.path.is_relative_to(path.parent), folder.path
    process = EimProcess.start(prepare(path, folder, "copy"), [], folder=folder, stop_timeout=1)
    assert process.wait(30)
    assert "exit code 7" in process.how_it_ended()
    process.close()
    for how in ("in-place", "never"):
        try:
            prepare(path, folder, how)
        except EdgeImpulseError as error:
            wanted = "chmod" if (how, mode) == ("never", 0o644) else "mounted noexec"
            assert wanted in str(error), error
            path.chmod(mode)
        else:
            raise AssertionError(how)
"""


@linux_only
def test_a_program_in_a_place_without_execution_is_copied_out_of_it(tmp_path):
    mount = f"export TMPDIR={tmp_path} && mount -t tmpfs -o noexec none {tmp_path}"
    in_own_mounts(mount, NOEXEC, tmp_path)


@linux_only
def test_a_place_that_is_full_is_one_clear_error(tmp_path, place):
    full = """
import sys
from pathlib import Path
from ei_runner_core import BackendUnavailableError
from ei_runner_eim.process import EimProcess, PrivateFolder, prepare
path = Path(sys.argv[1])
path.write_bytes(b"#!/bin/sh\\n" + bytes(1_000_000))
path.chmod(0o644)
folder = PrivateFolder.choose()
try:
    EimProcess.start(prepare(path, folder, "copy"), [], folder=folder, stop_timeout=1)
except BackendUnavailableError as error:
    assert "No space left" in str(error) and "TMPDIR" in str(error), error
else:
    raise AssertionError
assert not folder.path.exists()
"""
    mount = f"export TMPDIR={place} && mount -t tmpfs -o size=200k none {place}"
    in_own_mounts(mount, full, tmp_path / "model.eim")


@pytest.mark.parametrize("name", ["a model.eim", "-x.eim", "Äffchen 😀.eim", "a'b\"$HOME;.eim"])
@pytest.mark.parametrize("mode", [0o700, 0o600])
def test_any_name_of_a_file_can_be_started(make_program, name, mode):
    folder = PrivateFolder.choose()
    executable = prepare(make_program("#!/bin/sh\nexit 7\n", name, mode), folder, "copy")
    process = EimProcess.start(executable, [], folder=folder, stop_timeout=1)

    assert process.wait(PATIENCE)
    assert process.how_it_ended() == "has ended with the exit code 7"
    process.close()


def test_one_that_holds_the_output_open_delays_no_close(make_program):
    program = make_program(
        f"#!{sys.executable} -IS\nimport os, signal, sys\n"
        "if not os.fork():\n  os.setsid()\n  print(os.getpid(), file=sys.stderr, flush=True)\n"
        "  signal.pause()\n"
        "os.wait() if 'wait' in sys.argv else None\n"
    )
    before = held()
    process = started(program)
    until(process.what_it_said)
    other = int(process.what_it_said().split()[-1])
    assert process.wait(PATIENCE)
    begin = time.monotonic()
    process.close()

    assert time.monotonic() - begin < 3
    assert held() == before
    os.kill(other, signal.SIGKILL)


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_file_in_a_folder_that_is_only_read_is_copied_but_not_changed(make_program, tmp_path):
    path = make_program("#!/bin/sh\n", mode=0o444)
    tmp_path.chmod(0o500)
    folder = PrivateFolder.choose()

    assert prepare(path, folder, "copy").is_relative_to(folder.path)
    assert prepare(path, folder, "in-place") == path  # it is of this user
    tmp_path.chmod(0o700)


def test_no_check_of_a_file_changes_it(make_program):
    for content in ("#!/bin/sh\n", "text", "", "#!/no/such\n"):
        path = make_program(content, mode=0o444)
        about = path.stat()
        for how in ("copy", "never"):
            try:
                prepare(path, PrivateFolder.choose(), how)
            except EdgeImpulseError:
                continue
        assert (path.stat().st_mode, path.stat().st_mtime_ns) == (about.st_mode, about.st_mtime_ns)
        path.unlink()
