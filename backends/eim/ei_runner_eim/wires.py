"""The ways to a program: a Unix socket, or its standard input and output."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable

from .client import LONGEST_REPLY
from .connection import Connection
from .framing import FrameReader
from .lines import LineReader

__all__ = ["PipeWire", "SocketWire", "Wire"]

_ROOM = 1 << 18  # for an image as text; usual are 64 KiB


class Wire(ABC):
    """Holds the descriptors of a connection."""

    connection: Connection

    @abstractmethod
    def hang_up(self) -> None:
        """Tell the other side that this was all, even where a forked child holds a copy."""

    @abstractmethod
    def close(self) -> None:
        """Close the descriptors of this process. Closing twice is legal."""


class SocketWire(Wire):
    """A connected Unix socket; nothing but messages comes over it."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        frames = FrameReader(LONGEST_REPLY, strict=True)
        self.connection = Connection(connected.fileno(), connected.fileno(), frames)

    def hang_up(self) -> None:
        """Shut the socket down."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


class PipeWire(Wire):
    """Two pipes, to a program's input and from its output.

    The program also prints there what it has to say.
    """

    def __init__(self) -> None:
        self.program_reads, self._writer = os.pipe()
        self._reader, self.program_writes = os.pipe()
        self._open = {self.program_reads, self._writer, self._reader, self.program_writes}
        weakref.finalize(self, _close_own, self._open, os.getpid())
        _widen(self._writer)
        self._lines = LineReader(LONGEST_REPLY)
        self.connection = Connection(self._reader, self._writer, self._lines)

    def pass_on(self, said: Callable[[bytes], None]) -> None:
        """Let something be called with each line that is no message."""
        self._lines.skipped = said

    def started(self) -> None:
        """Close the ends that the program has got."""
        self._close(self.program_reads, self.program_writes)

    def hang_up(self) -> None:
        """Close the program's input, and its output, where it may be waiting for room."""
        self._close(self._writer, self._reader)

    def close(self) -> None:
        """Close all ends."""
        self._close(*self._open)

    def _close(self, *several: int) -> None:
        for fd in several:
            if fd in self._open:
                self._open.discard(fd)
                os.close(fd)


def _close_own(fds: set[int], pid: int) -> None:
    """Close what an interrupt has left open; a forked child has closed its copies."""
    while fds and os.getpid() == pid:
        os.close(fds.pop())


def _widen(pipe: int) -> None:
    """Make room for a long question, so that it is written at once; where the system can."""
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with contextlib.suppress(OSError):  # a user may have only so much
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _ROOM)
