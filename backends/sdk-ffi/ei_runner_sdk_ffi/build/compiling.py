"""Compilers as processes: several at once, each with its children, all with one deadline."""

from __future__ import annotations

import contextlib
import os
import queue
import re
import signal
import subprocess
import threading
import time
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ei_runner_core import BuildError, DeadlineError

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Compilers", "Ended", "job_count"]

_JOINING = 5.0  # s; a child that left the group of its compiler may keep its output open
_MEMORY_OF_A_JOB = 512 << 20  # bytes; the wrapper around an SDK takes nearly that much


@dataclass(frozen=True)
class Ended:
    """A process that has ended: what was asked for, how it ended and what it said."""

    name: Hashable
    command: tuple[str, ...]
    code: int
    output: str


class Compilers:
    """Runs commands at the same time, and none of them any longer than itself.

    It is a context manager: whatever still runs at its end is killed, with all its children.
    Processes are started by threads, because an interrupt reaches only the main thread: so none
    is ever started without being known.
    """

    def __init__(
        self, jobs: int, folder: Path, environment: Mapping[str, str], deadline: float
    ) -> None:
        self._folder = folder
        self._environment = dict(environment)
        self._deadline = deadline
        self._waiting: queue.SimpleQueue[tuple[Hashable, tuple[str, ...]] | None] = (
            queue.SimpleQueue()
        )
        self._ended: queue.SimpleQueue[Ended | OSError | ValueError] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._stopped = False
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(jobs)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._stopped = True
            for process in self._running:
                _kill(process)
        for _thread in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(_JOINING)

    def start(self, name: Hashable, command: Sequence[str]) -> None:
        """Run a command as soon as one of those before it has ended."""
        self._waiting.put((name, tuple(command)))

    def wait(self) -> Ended:
        """Wait for the next command that ends.

        Raises:
            DeadlineError: none has ended in time.
            BuildError: one cannot be started.
        """
        try:
            ended = self._ended.get(timeout=max(0.0, self._deadline - time.monotonic()))
        except queue.Empty:
            raise DeadlineError(
                "the build did not finish in time; raise build_timeout, or look for what keeps the "
                "machine busy"
            ) from None
        if isinstance(ended, ValueError):
            raise BuildError(f"cannot start the compiler: {ended}; look at its flags") from ended
        if isinstance(ended, OSError):
            raise BuildError(
                f"cannot start the compiler {ended.filename}: {ended.strerror}; install one, such "
                "as with apt install g++"
            ) from ended
        return ended

    def _work(self) -> None:
        while (task := self._waiting.get()) is not None:
            name, command = task
            try:
                process = self._begin(command)
            except (OSError, ValueError) as error:  # such as a NUL byte in an argument
                self._ended.put(error)
                continue
            if process is None:
                return
            output, _ = process.communicate()
            self._finish(process)
            self._ended.put(
                Ended(name, command, process.returncode, output.decode("utf-8", "replace"))
            )

    def _begin(self, command: tuple[str, ...]) -> subprocess.Popen[bytes] | None:
        with self._lock:
            if self._stopped:
                return None
            process = subprocess.Popen(  # noqa: S603 - the command of the user's compiler
                command,
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            self._running.add(process)
            return process

    def _finish(self, process: subprocess.Popen[bytes]) -> None:
        with self._lock:
            self._running.discard(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:  # else its number may belong to somebody else by now
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)


def job_count(asked: int | None) -> int:
    """How many compilers run at once: as many as asked for, else as processors and memory allow."""
    if asked is not None:
        return max(1, asked)
    memory = _free_memory()
    room = memory // _MEMORY_OF_A_JOB if memory is not None else _processors()
    return max(1, min(_processors(), room))


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _free_memory() -> int | None:
    """Bytes; None where nobody tells."""
    with contextlib.suppress(OSError):
        if found := re.search(r"MemAvailable:\s*(\d+) kB", Path("/proc/meminfo").read_text()):
            return int(found[1]) << 10
    return None
