"""The process that TVM's compiler works in: compiles what it is told to until nobody tells it any.

It gets the id of the process that asks and the first workspace as its arguments. Each line of its
standard input, which is a socket, is the name of a folder with a request, in JSON; when the answer
is there, an empty line goes back.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec.structs import replace

from ei_runner_core import EdgeImpulseError

from .compiler_messages import ANSWER, LOG, Answer, Request
from .compiling import compile_network

__all__ = ["main"]

_POLL_S = 0.2
_CHANNEL = 0  # the standard input


def main() -> None:
    """Serve one process, and end with it."""
    parent, workspace = sys.argv[1:]
    workspaces = [os.fsencode(workspace)]
    threading.Thread(target=_end_with, args=(int(parent), workspaces), daemon=True).start()
    for line in sys.stdin.buffer:
        folder = Path(json.loads(line))
        request = Request.read(folder)
        # It stays the one: who asks may be killed while it writes there what it has got.
        workspaces[:] = [request.workspace]
        answer = _answer(request, folder)
        (folder / ANSWER).write_bytes(msgspec.msgpack.encode(answer))
        os.write(_CHANNEL, b"\n")


def _answer(request: Request, folder: Path) -> Answer:
    _be_like_who_asks(request, folder)
    notes = _Notes()
    LOG.setLevel(logging.INFO)
    LOG.addHandler(notes)
    try:
        compiled = compile_network(request.network, request.options, request.target, folder)
        answer = Answer(compiled)
    except EdgeImpulseError as error:
        answer = Answer.of_error(error)
    finally:
        LOG.removeHandler(notes)
    return replace(answer, notes=tuple(notes.taken))


def _be_like_who_asks(request: Request, folder: Path) -> None:
    """Let compilers be found, and write what they need for now into the folder of the request."""
    os.environb.clear()
    os.environb.update(request.environment)
    os.environ["TMPDIR"] = str(folder)
    tempfile.tempdir = None  # so that the variable counts
    with suppress(OSError):  # the folder is gone
        os.chdir(request.directory)


class _Notes(logging.Handler):
    """Remembers what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: list[tuple[int, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Remember it."""
        self.taken.append((record.levelno, record.getMessage()))


def _end_with(parent: int, workspaces: list[bytes]) -> None:
    """End with the process that asks, even in the middle of native code, and leave nothing.

    The end of the standard input would not tell: a process that the other one has forked may keep
    it open.
    """
    while os.getppid() == parent:
        time.sleep(_POLL_S)
    for workspace in workspaces:
        shutil.rmtree(workspace, ignore_errors=True)
    os.killpg(0, signal.SIGKILL)  # and a compiler that links
