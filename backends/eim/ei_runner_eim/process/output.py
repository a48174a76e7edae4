"""Takes what a program prints, all the time, so that a full pipe never stops it."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import select
import threading
from collections import deque

__all__ = ["Output"]

_log = logging.getLogger("ei_runner_eim.output")
_CHUNK = 1 << 16
_LINES = 20
_LONGEST_LINE = 1000
_LAST_CHUNKS = 32  # that are taken when somebody may write for ever


class Output:
    """The output of a program: each line is logged, and the last ones are remembered.

    The descriptors belong to the thread that calls :meth:`drain`, which closes them.

    Args:
        name: of the program, for the log.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._lines: deque[bytes] = deque(maxlen=_LINES)
        self._rest = b""
        self._reader = self._woken = -1
        self._waker: io.FileIO | None = None
        self._is_done = threading.Event()

    def open(self) -> tuple[int, int]:
        """Make the pipe, and tell both ends; the caller closes the one for writing."""
        self._woken, waker = os.pipe()
        self._waker = io.FileIO(waker, "w")  # closes only once, whatever interrupts
        self._reader, writer = os.pipe()
        os.set_blocking(self._reader, False)
        return self._reader, writer

    def drain(self) -> None:
        """Take what comes until its end, or until :meth:`stop`."""
        try:
            if self._reader < 0:
                return  # it could not be opened
            poll = select.poll()
            poll.register(self._reader, select.POLLIN)
            poll.register(self._woken, select.POLLIN)
            while self._take():
                if any(fd == self._woken for fd, _ in poll.poll()):
                    self._take(_LAST_CHUNKS)
                    return
        finally:
            self._is_done.set()
            _close(self._reader, self._woken)
            self._reader = self._woken = -1

    def heard(self, text: bytes) -> None:
        """Note a line that came another way: a program may also print where it answers."""
        self._note([text])

    def stop(self) -> None:
        """Let the thread end soon, even if somebody holds the other end. Twice is legal."""
        if self._waker is not None:
            self._waker.close()

    def abandon(self) -> None:
        """Close the copies of a forked child, which has no such thread."""
        _close(self._reader, self._woken)
        self._reader = self._woken = -1
        self.stop()

    def last_lines(self, wait: float = 0) -> list[str]:
        """The last lines.

        Args:
            wait: for the end of the output at most so many seconds.
        """
        self._is_done.wait(wait)
        lines = [_text(line) for line in (*tuple(self._lines), self._rest)]
        return [line for line in lines if line][-_LINES:]

    def _take(self, chunks: int = 1) -> bool:
        """Take what there is; false at the end of the output."""
        for _ in range(chunks):
            try:
                data = os.read(self._reader, _CHUNK)
            except BlockingIOError:
                return True
            self._split(data)
            if not data:
                return False
        return True

    def _split(self, data: bytes) -> None:
        *lines, rest = (self._rest + (data or b"\n")).split(b"\n")
        self._rest = rest[:_LONGEST_LINE]
        lines = [line for line in lines if line]
        self._note(lines)

    def _note(self, lines: list[bytes]) -> None:
        self._lines.extend(line[:_LONGEST_LINE] for line in lines[-_LINES:])
        if _log.isEnabledFor(logging.DEBUG):
            for line in map(_text, lines):
                self._write(line)

    def _write(self, line: str) -> None:
        with contextlib.suppress(Exception):  # a handler of the user's must not stop the program
            _log.debug("%s: %s", self._name, line)


def _text(line: bytes) -> str:
    return line[:_LONGEST_LINE].decode("utf-8", "replace").replace("\0", "").rstrip()


def _close(*fds: int) -> None:
    for fd in fds:
        if fd >= 0:
            os.close(fd)
