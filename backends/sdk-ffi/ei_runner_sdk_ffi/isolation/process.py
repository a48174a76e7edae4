"""Starting and ending a worker, so that nothing of it is ever left."""

from __future__ import annotations

import contextlib
import fcntl
import math
import os
import select
import signal
import socket
import subprocess
import threading
import time
from contextlib import ExitStack
from typing import BinaryIO

from ei_runner_core import BackendUnavailableError
from ei_runner_core.authoring import one_line
from ei_runner_core.authoring.children import how_it_ended, python_command

from .memory import anonymous_file
from .output import Output

__all__ = ["Expired", "WorkerProcess"]

_WORKER = "ei_runner_sdk_ffi.isolation.worker"
_CHUNK = 1 << 16
_REAP_S = 5.0


class Expired(Exception):  # noqa: N818 - who waits decides what it means
    """The deadline has passed."""


class WorkerProcess:
    """A worker, with what connects it to this process. It is started once.

    Args:
        name: of the model, for messages.
    """

    socket: socket.socket
    """To the worker; it does not block."""

    memory: BinaryIO
    """The file of the window."""

    last_words = ""
    """A clause with the last lines of its output, once it has ended; empty without any."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._owner = os.getpid()
        self._process: subprocess.Popen[bytes] | None = None
        self._failure: Exception | None = None
        self._is_over = False
        self._launching = threading.RLock()

    def start(self) -> None:
        """Start it.

        Only the main thread can be interrupted by Ctrl-C: started in another one, there is no
        moment in which a process runs and nobody knows of it.

        Raises:
            BackendUnavailableError: the system does not allow it, or there is no Python to run.
        """
        thread = threading.Thread(target=self._launch, name="ei-runner-launch", daemon=True)
        try:
            thread.start()
            thread.join()
        except RuntimeError as error:  # no more threads
            self._failure = error
        if self._failure is not None:
            raise BackendUnavailableError(
                f"no process can be started for {self._name}: {one_line(self._failure)}; open it "
                "without the option isolation"
            ) from self._failure

    def wait(self, deadline: float, events: int = select.POLLIN) -> None:
        """Wait until the socket is ready; what the worker prints meanwhile is taken.

        Args:
            deadline: of ``time.monotonic()``.
            events: what to be ready for.

        Raises:
            Expired: it is not ready in time.
        """
        self._poll.register(self.socket, events)
        while True:
            left = max(math.ceil((deadline - time.monotonic()) * 1000), 0)
            ready = [fd for fd, _ in self._poll.poll(left)]
            if ready and ready != [self._printed]:
                return
            if not left:
                raise Expired
            if ready and self._output.take() == b"":
                self._poll.unregister(self._printed)

    def how_it_ended(self) -> str:
        """A clause that says how it ended."""
        return how_it_ended(self._process.returncode if self._process else 0)

    def end(self, patience: float) -> None:
        """Ask it to end, and kill it if that takes longer than ``patience`` seconds.

        Twice is legal, also when the first time was interrupted.
        """
        with self._launching:
            self._is_over = True
        if self._process is None or self._owner != os.getpid():
            return
        try:
            self._ask_to_end(self._process, time.monotonic() + patience)
        finally:
            self._kill(self._process)

    def abandon(self) -> None:
        """Close the copies of a forked child; all else belongs to the parent."""
        self._launching = threading.RLock()
        self._is_over = True
        if self._process is not None:
            self._process.returncode = 0  # so that nobody waits for it, or warns
            self._close(self._process)
            self._process = None

    def _launch(self) -> None:
        try:
            with self._launching, ExitStack() as undo:
                if not self._is_over:
                    self._open(undo)
        except Exception as error:  # noqa: BLE001 - the thread that waits raises it
            self._failure = error

    def _open(self, undo: ExitStack) -> None:
        self.socket, theirs = socket.socketpair()
        undo.enter_context(self.socket)
        with theirs, ExitStack() as copies:
            self.memory = undo.enter_context(anonymous_file())
            fds = [_above_stdio(file.fileno(), copies) for file in (theirs, self.memory)]
            process = subprocess.Popen(  # noqa: S603 - our own program
                python_command(_WORKER, *map(str, (*fds, os.getpid()))),
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=fds,
                start_new_session=True,  # Ctrl-C in a terminal is for the application
            )
        undo.pop_all()
        self._prepare(process)

    def _prepare(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None  # noqa: S101 - for the type checker
        self._printed = process.stdout.fileno()
        os.set_blocking(self._printed, False)
        self.socket.setblocking(False)  # noqa: FBT003 - it takes no keyword
        self._output = Output(process.stdout, self._name)
        self._poll = select.poll()
        self._poll.register(self._printed, select.POLLIN)
        self._process = process

    def _ask_to_end(self, process: subprocess.Popen[bytes], deadline: float) -> None:
        """Let it read the end of the requests, and wait for the end of all its answers."""
        with contextlib.suppress(Expired, OSError, subprocess.TimeoutExpired):
            self.socket.shutdown(socket.SHUT_WR)
            self.wait(deadline)
            while self.socket.recv(_CHUNK):
                self.wait(deadline)
            process.wait(max(deadline - time.monotonic(), 0))

    def _kill(self, process: subprocess.Popen[bytes]) -> None:
        if process.poll() is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_REAP_S)
        if process.stdout and not process.stdout.closed:
            self.last_words = self._output.said()
        self._close(process)

    def _close(self, process: subprocess.Popen[bytes]) -> None:
        for file in (process.stdin, process.stdout, self.socket, self.memory):
            if file is not None:
                file.close()


def _above_stdio(fd: int, copies: ExitStack) -> int:
    """A copy that standard input and output cannot take the place of, as in a host without them."""
    copy = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 3)
    copies.callback(os.close, copy)
    return copy
