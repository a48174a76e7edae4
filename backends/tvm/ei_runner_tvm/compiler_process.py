"""One process that TVM's compiler works in, as the one that asks it sees it."""

from __future__ import annotations

import json
import math
import os
import select
import signal
import socket
import subprocess
import tempfile
from contextlib import ExitStack, suppress
from pathlib import Path

import msgspec

from ei_runner_core import BackendUnavailableError, BuildError, DeadlineError
from ei_runner_core.authoring import one_line
from ei_runner_core.authoring.children import SIGNAL_HINTS, how_it_ended, python_command

from .compiler_messages import LOG, Answer
from .messages import last_lines

__all__ = ["CompilerProcess"]

_WORKER = "ei_runner_tvm.compiler_worker"
_REAP_S = 5.0
_LAST_BYTES, _LAST_LINES = 4096, 4
_HINTS = {"SIGKILL": SIGNAL_HINTS["SIGKILL"]}


class CompilerProcess:
    """A process that compiles one network at a time.

    What it prints never reaches the terminal: it goes to a file without a name.

    Args:
        workspace: what it removes if this process is killed before the first request is read.

    Raises:
        BackendUnavailableError: no process can be started.
    """

    def __init__(self, workspace: Path) -> None:
        try:
            with ExitStack() as undo:
                self._channel, theirs = socket.socketpair()
                undo.enter_context(self._channel)
                self._printed = undo.enter_context(tempfile.TemporaryFile("a+b", buffering=0))
                # If an interrupt strikes now, it finds no more requests and ends.
                with theirs:
                    self._process = subprocess.Popen(  # noqa: S603 - our own program
                        python_command(_WORKER, str(os.getpid()), str(workspace)),
                        stdin=theirs.fileno(),  # for answers, too: anything may print to the others
                        stdout=self._printed,
                        stderr=self._printed,
                        start_new_session=True,  # Ctrl-C in a terminal is for this process
                    )
                undo.pop_all()
        except OSError as error:
            raise BackendUnavailableError(
                f"no process can be started for TVM's compiler: {one_line(error)}; compile the "
                "network with ei-runner compile --backend tvm, and open the .tvm file here"
            ) from error

    def ask(self, folder: Path, name: str, timeout: float) -> Answer:
        """The answer to a request.

        Args:
            folder: has the request in it.
            name: of the network, for messages.
            timeout: seconds.

        Raises:
            DeadlineError: there is no answer in time.
            BuildError: the process has ended, or its answer is not there.
        """
        self._printed.truncate(0)
        poll = select.poll()
        poll.register(self._channel, select.POLLIN)
        with suppress(ConnectionError):  # reading will tell
            self._channel.sendall(f"{json.dumps(str(folder))}\n".encode())
        if not poll.poll(math.ceil(timeout * 1000)):
            raise DeadlineError(
                f"TVM has not compiled {name} within {timeout:g} s; give it more with the option "
                "compile_timeout, or less to do with the option optimization"
            )
        if not self._has_answered():
            raise self._failure(name)
        if said := self._said():
            LOG.debug("TVM's compiler printed: %s", said)
        try:
            return Answer.read(folder)
        except (OSError, msgspec.DecodeError) as error:
            raise BuildError(
                f"what TVM's compiler made of {name} cannot be read: {one_line(error)}; try again"
            ) from error

    def has_ended(self) -> bool:
        """Whether somebody has ended it, or it has crashed."""
        return self._process.poll() is not None

    def end(self) -> None:
        """End it at once, with what it has started. Twice is legal."""
        if self._process.returncode is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_REAP_S)
        self._close()

    def abandon(self) -> None:
        """Close the copies of a forked child; all else belongs to the parent."""
        self._process.returncode = 0  # so that nobody waits for it, or warns
        self._close()

    def _close(self) -> None:
        self._channel.close()
        self._printed.close()

    def _has_answered(self) -> bool:
        try:
            return bool(self._channel.recv(1))
        except ConnectionError:  # it has ended before it read the request
            return False

    def _failure(self, name: str) -> BuildError:
        said = self._said()
        self.end()
        last = f"; its last output: {said}" if said else ""
        return BuildError(
            f"TVM's compiler {how_it_ended(self._process.returncode, _HINTS)} when it compiled "
            f"{name}; run it with another backend{last}"
        )

    def _said(self) -> str:
        """The end of what it printed, in one line."""
        size = self._printed.seek(0, os.SEEK_END)
        self._printed.seek(max(size - _LAST_BYTES, 0))
        return last_lines(self._printed.read(), _LAST_LINES)
