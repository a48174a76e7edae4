"""Everything of a guarded program that has to be let go of."""

from __future__ import annotations

import contextlib
import errno
import os
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from ei_runner_core import (
    BackendUnavailableError,
    EdgeImpulseError,
    InvalidInputError,
    ModelFormatError,
    UnsupportedModelError,
)
from ei_runner_core.authoring import one_line

from . import guard
from .causes import said
from .link import GuardLink
from .output import Output
from .places import PrivateFolder

__all__ = ["Supervision"]

_START_S = 30.0
_BEYOND_STOP_S = 4.0
_JOIN_S = 2.0
_POLL_S = 0.01


class Supervision:
    """A guard and the thread that takes the output of its program.

    The thread also starts the guard. Only the main thread can be interrupted by Ctrl-C: so there is
    no moment in which something has been made and nobody knows of it.

    Args:
        executable: the program.
        folder: is removed at the end.
        stop_timeout: the seconds that the program has to end.
    """

    def __init__(self, executable: Path, folder: PrivateFolder, stop_timeout: float) -> None:
        self.link = GuardLink()
        self.output = Output(executable.name)
        self.segments: set[str] = set()
        self._executable = executable
        self._folder = folder
        self._stop_timeout = stop_timeout
        self._closing = threading.RLock()
        self._launching = threading.RLock()
        self._is_launched = threading.Event()
        self._is_cancelled = False
        self._failure: Exception | None = None
        self._thread: threading.Thread | None = None

    def start(self, arguments: Sequence[str], stdio: tuple[int, int] | None) -> int:
        """Start the guard with its program; returns the process id of the program.

        Raises:
            EdgeImpulseError: as :meth:`EimProcess.start`.
        """
        settings = [str(self._stop_timeout), str(self._folder.path)]
        command = [os.path.abspath(self._executable), *arguments]  # noqa: PTH100 - it keeps links
        self._thread = threading.Thread(
            target=self._run, args=([*settings, *command], stdio), name="eim-output", daemon=True
        )
        try:
            self._thread.start()
        except RuntimeError as error:
            raise BackendUnavailableError(f"{self._cannot_start}: {error}") from error
        self._is_launched.wait()
        if self._failure is not None:
            why = one_line(self._failure)
            raise BackendUnavailableError(f"{self._cannot_start}: {why}") from self._failure
        self._folder.create()
        self.link.tell("start")
        return self._wait_for_program()

    def close(self) -> None:
        """End the program and the guard, and remove what they have.

        Closing twice is legal, also when the first time was interrupted.
        """
        with self._closing:
            with self._launching:
                self._is_cancelled = True
            self.link.tell("end")
            if not self.link.wait_for_end(self._stop_timeout + _BEYOND_STOP_S):
                self.link.kill()
            self._stand_in()
            self.output.stop()
            if self._thread is not threading.current_thread() and self._thread is not None:
                with contextlib.suppress(RuntimeError):  # it was never started
                    self._thread.join(_JOIN_S)
            self.link.close()
            self._folder.remove()

    def abandon(self) -> None:
        """Close the copies of a forked child; all else belongs to the parent."""
        self._closing = threading.RLock()
        self._launching = threading.RLock()
        self.output.abandon()
        self.link.abandon()

    @property
    def _cannot_start(self) -> str:
        return f"the guard of {self._executable.name} cannot be started"

    def _run(self, arguments: list[str], stdio: tuple[int, int] | None) -> None:
        try:
            with self._launching:
                if self._is_cancelled:
                    return
                output = self.output.open()
                try:
                    self.link.open(arguments, stdio, output)
                finally:
                    os.close(output[1])
        except Exception as error:  # noqa: BLE001 - the thread that waits raises it
            self._failure = error
        finally:
            self._is_launched.set()
        self.output.drain()

    def _wait_for_program(self) -> int:
        news = self.link.hear("started", "failed", timeout=_START_S)
        if news is None:
            lines = self.output.last_lines(_JOIN_S if self.link.is_silent else 0)
            raise BackendUnavailableError(f"{self._cannot_start} with this Python{said(lines)}")
        word, number = news
        if word == "failed":
            raise _not_started(self._executable, number)
        return number

    def _stand_in(self) -> None:
        """Do the work of a guard that was killed; the system does not always tell of that."""
        started = self.link.heard("started")
        orphan = _Orphan(started[1] if started else 0, self.link.guard_pid)
        if started:
            orphan.end(self._stop_timeout)
        guard.remove_segments(orphan.segments | self.segments)


class _Orphan(guard.Program):
    """A program whose guard was killed. It still is in the session that the guard has made."""

    def __init__(self, pid: int, session: int) -> None:
        super().__init__(pid)
        self._session = session

    def wait(self, seconds: float) -> bool:
        """Wait for its end; whether it has ended."""
        deadline = time.monotonic() + seconds
        while self._is_there():
            if time.monotonic() >= deadline:
                return False
            time.sleep(_POLL_S)
        return True

    def _is_there(self) -> bool:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, os.WNOHANG)  # it is ours if this process adopts orphans
        try:
            return os.getsid(self.pid) == self._session
        except OSError:
            return False


def _not_started(executable: Path, number: int) -> EdgeImpulseError:
    name, why = executable.name, os.strerror(number)
    if number == errno.ENOEXEC:
        return ModelFormatError(f"{name} cannot be executed: {why}; download it again")
    if number == errno.ENOENT:
        return UnsupportedModelError(
            f"{name} cannot be executed: it, or what it is started with, is missing ({why})"
        )
    if number == errno.ETXTBSY:
        return InvalidInputError(
            f"{name} cannot be executed: somebody still writes to it; wait for its download to end"
        )
    if number in (errno.EACCES, errno.EPERM):
        return BackendUnavailableError(
            f"{executable} may not be executed ({why}): put it into a folder of yours that is not "
            "mounted noexec"
        )
    return BackendUnavailableError(f"{name} cannot be executed: {why}")
