"""Scripted ``.eim`` programs, and what may not be left of them."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import sys
import tempfile
import textwrap
import threading
import time
from pathlib import Path

import pytest

from ei_runner_core import EdgeImpulseModel
from ei_runner_core.testing.backend import assert_clear

HERE = Path(__file__).parent
MARK = "EIM_TEST_MARK"
QUICK = {"start_timeout": 20.0, "timeout": 20.0, "stop_timeout": 2.0}
PROMPT_S = 8.0  # what no test may take to end, on a busy machine

PROGRAM = """\
#!{python} -ISu
import os, sys
import _signal as signal
sys.path.append({here!r})
sys.dont_write_bytecode = {no_bytecode}
from scripted_program import Program, Refusal
{first}
class Model(Program):
    pass
{body}
Model().run()
"""


@pytest.fixture(autouse=True)
def short_folder(tmp_path, monkeypatch):  # pytest makes its own folder elsewhere before
    """Where the private folders are made; its path is short enough for any socket."""
    folder = Path(tempfile.mkdtemp(prefix="t", dir="/tmp"))
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    for name in ("EI_BACKEND", "EI_MODEL", "EI_RUNNER_DISABLE", "EI_RUNNER_PLUGINS"):
        monkeypatch.delenv(name, raising=False)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(autouse=True)
def nothing_left(short_folder, monkeypatch):
    """What a test began is gone at its end: processes, segments, folders, threads, descriptors."""
    mark = os.urandom(8).hex()
    monkeypatch.setenv(MARK, mark)
    before = held()

    def check(patience=0.0):
        deadline = time.monotonic() + patience
        while processes(mark) and time.monotonic() < deadline:
            time.sleep(0.01)  # they are not children of this process: nobody tells of their end
        assert processes(mark) == []
        assert list(Path("/dev/shm").glob(f"shm-{mark[:8]}*")) == []
        assert list(short_folder.iterdir()) == []

    yield check
    check()
    assert held() == before


def held():
    """Open files and threads of this process."""
    folder = Path("/proc/self/fd")
    files = len(list(folder.iterdir())) if folder.is_dir() else 0
    return files, {thread.name for thread in threading.enumerate()}


def processes(mark):
    """The command lines of the processes that inherited a mark, and all children that ended."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            status = (folder / "stat").read_text().rpartition(")")[2].split()
            is_dead_child = status[0] == "Z" and int(status[1]) == os.getpid()
            if is_dead_child or f"{MARK}={mark}".encode() in (folder / "environ").read_bytes():
                found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return found


@pytest.fixture
def program(tmp_path):
    """Writes a program; ``body`` are methods that misbehave, ``first`` is run before all else."""

    def write(body="", first="", name="model.eim"):
        path = tmp_path / name
        path.write_text(
            PROGRAM.format(
                python=sys.executable,
                here=str(HERE),
                no_bytecode=sys.dont_write_bytecode,
                first=textwrap.dedent(first),
                body=textwrap.indent(textwrap.dedent(body), "    "),
            )
        )
        path.chmod(0o700)
        return path

    return write


@pytest.fixture
def eim(program):
    """Writes a program and opens it; it is closed at the end of the test."""
    with contextlib.ExitStack() as closing:

        def start(body="", first="", **options):
            model = EdgeImpulseModel(
                program(body, first), backend="eim", options={**QUICK, **options}
            )
            return closing.enter_context(contextlib.closing(model))

        yield start


@pytest.fixture(params=["socket", "stdin"])
def transport(request):
    return request.param


@pytest.fixture
def one_error():
    """What happens in a block ends soon, with one clear error that names the model."""

    @contextlib.contextmanager
    def check(kind, *words, name="model.eim", within=PROMPT_S):
        begin = time.monotonic()
        with pytest.raises(kind) as caught:
            yield
        assert time.monotonic() - begin < within
        assert_clear(caught.value)
        for word in (name, *words):
            assert word in str(caught.value)

    return check


@pytest.fixture
def bell(short_folder, monkeypatch):
    """Waits until a program rings, and returns the connection to it."""
    folder = Path(tempfile.mkdtemp(prefix="b", dir="/tmp"))
    with contextlib.ExitStack() as closing:
        closing.callback(shutil.rmtree, folder)
        listening = closing.enter_context(socket.socket(socket.AF_UNIX))
        listening.bind(str(folder / "bell"))
        listening.listen(20)
        listening.settimeout(20)
        monkeypatch.setenv("EIM_TEST_BELL", str(folder / "bell"))

        def wait():
            rings = closing.enter_context(listening.accept()[0])
            rings.settimeout(20)
            return rings

        yield wait
