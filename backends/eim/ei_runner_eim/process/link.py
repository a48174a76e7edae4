"""The host's side of the guard: its pipes, and what it tells."""

from __future__ import annotations

import contextlib
import fcntl
import io
import math
import os
import select
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from ei_runner_core.authoring.children import own_interpreter

__all__ = ["GuardLink", "News"]

_GUARD = Path(__file__).with_name("guard.py")
_FORK_S = 0.1
_REAP_S = 0.02

News = tuple[str, int]
"""A word of the guard, with its number."""


class GuardLink:
    """A guard and the pipes to it. All of it can be used before it is opened and when closed."""

    def __init__(self) -> None:
        # files close at once and only once, whatever interrupts
        self._status: io.FileIO | None = None
        self._control: io.FileIO | None = None
        self._guard: subprocess.Popen[bytes] | None = None
        self._told: list[bytes] = []
        self._has_ended = False

    def open(
        self, arguments: Sequence[str], stdio: tuple[int, int] | None, output: tuple[int, int]
    ) -> None:
        """Start the guard.

        Args:
            arguments: for the guard, from the seconds for the end on.
            stdio: for the program.
            output: a pipe; the guard and the program have its end for writing as standard error.

        Raises:
            OSError: the system does not allow it.
        """
        with ExitStack() as theirs:
            control, writer = os.pipe()
            self._control = io.FileIO(writer, "w")
            theirs.callback(os.close, control)
            reader, status = os.pipe()
            self._status = io.FileIO(reader)
            theirs.callback(os.close, status)
            os.set_blocking(reader, False)
            fds = [control, status, _own_end(theirs), *(stdio or (-1, -1)), output[0]]
            fds = [_above_stdio(fd, theirs) for fd in fds]
            numbers = map(str, (*fds, os.getpid()))
            self._guard = subprocess.Popen(  # noqa: S603 - our own program
                [_python(), "-I", "-S", str(_GUARD), *numbers, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=output[1],
                pass_fds=[fd for fd in fds if fd >= 0],
                start_new_session=True,
            )

    @property
    def status(self) -> int:
        """Where the guard tells; -1 where it does not."""
        return _number(self._status)

    @property
    def guard_pid(self) -> int:
        """The process id of the guard; 0 without one."""
        return self._guard.pid if self._guard else 0

    @property
    def is_silent(self) -> bool:
        """Whether the guard will not tell any more."""
        return self._has_ended

    def tell(self, text: str) -> None:
        """Tell the guard something, if it is there."""
        control = _number(self._control)
        if not _wait(control, 0, time.monotonic()):  # else nobody reads it, or it is not there
            with contextlib.suppress(OSError):
                os.write(control, f"{text}\n".encode("ascii"))

    def heard(self, *words: str) -> News | None:
        """What it has told with one of these words."""
        for line in b"".join(self._told).decode("ascii").splitlines():
            word, _, number = line.partition(" ")
            if word in words:
                return word, int(number)
        return None

    def hear(self, *words: str, timeout: float) -> News | None:
        """What it tells with one of these words within these seconds, unless it ends before."""
        deadline = time.monotonic() + timeout
        while (news := self.heard(*words)) is None and not self._has_ended:
            if not _wait(self.status, select.POLLIN, deadline):
                return None
            self._listen()
        return news

    def wait_for_end(self, timeout: float) -> bool:
        """Wait for the end of the guard, if there is one; false if it takes longer."""
        if self._guard is None:
            return True
        deadline = time.monotonic() + timeout
        while (now := time.monotonic()) < deadline:
            # the pipe has an error as soon as nobody reads it; a stranger's fork may delay that
            _wait(_number(self._control), 0, min(deadline, now + _FORK_S))
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._guard.wait(_REAP_S)
                return True
        return False

    def kill(self) -> None:
        """End a guard that does not answer."""
        if self._guard is not None:
            self._guard.kill()
            self._guard.wait()

    def close(self) -> None:
        """Close the pipes to a guard that has ended; what it has told stays known."""
        self._listen()
        self._guard = None
        self._close_pipes()

    def abandon(self) -> None:
        """Close the copies of a forked child, whose parent has the guard."""
        if self._guard is not None:
            self._guard.returncode = 0  # so that nobody waits for it, or warns
            self._guard = None
        self._close_pipes()

    def _close_pipes(self) -> None:
        self._has_ended = True
        for file in (self._control, self._status):
            if file is not None:
                file.close()

    def _listen(self) -> None:
        """Take what it has told. It closes the pipe after the end of the program."""
        with contextlib.suppress(BlockingIOError):
            while self.status >= 0 and not self._has_ended:
                told = os.read(self.status, 4096)
                self._told.append(told)
                self._has_ended = not told


def _number(file: io.FileIO | None) -> int:
    return -1 if file is None or file.closed else file.fileno()


def _wait(fd: int, events: int, deadline: float) -> bool:
    """Wait until something has happened to the descriptor, or the deadline has passed."""
    if fd < 0:
        return True
    poll = select.poll()
    poll.register(fd, events)
    left = deadline - time.monotonic()
    return bool(poll.poll(max(math.ceil(left * 1000), 0)))


def _above_stdio(fd: int, closing: ExitStack) -> int:
    """A copy of a descriptor below 3: a host without them gets these for its pipes."""
    if not 0 <= fd <= 2:
        return fd
    copy = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 3)
    closing.callback(os.close, copy)
    return copy


def _own_end(closing: ExitStack) -> int:
    """A descriptor that tells of the end of this process, where the system has such; else -1."""
    try:
        fd = os.pidfd_open(os.getpid())
    except (AttributeError, OSError):
        return -1
    closing.callback(os.close, fd)
    return fd


def _python() -> str:
    """A Python for the guard: any will do, also where this program has none of its own."""
    with contextlib.suppress(FileNotFoundError):
        return own_interpreter()
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    folder = sysconfig.get_config_var("BINDIR") or ""
    for candidate in (os.path.join(folder, version), version, "python3"):  # noqa: PTH118 - text
        if found := shutil.which(candidate):
            return found
    raise FileNotFoundError("there is no Python for the guard of the program; install python3")
