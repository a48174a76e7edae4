"""Messages over a pair of file descriptors, each step with a deadline."""

from __future__ import annotations

import math
import os
import select
import time

from .framing import FrameReader
from .lines import LineReader

__all__ = ["Connection", "ConnectionEnded", "Expired"]

_CHUNK = 1 << 18


class ConnectionEnded(Exception):  # noqa: N818 - not every end is an error
    """The other side has closed."""


class Expired(Exception):  # noqa: N818 - who waits decides what it means
    """The deadline has passed."""


class Connection:
    """One side of a conversation; a socket has the same descriptor for both directions.

    While a long message is sent, what comes in is taken, so that the other side can never block on
    us while we block on it.

    Args:
        reader: where messages come from. Both descriptors are made non-blocking; who opened them
            closes them.
        writer: where messages go to.
        frames: what the bytes that come in are cut into.
    """

    def __init__(self, reader: int, writer: int, frames: FrameReader | LineReader) -> None:
        os.set_blocking(reader, False)
        os.set_blocking(writer, False)
        self._reader = reader
        self._writer = writer
        self._frames = frames
        self._chunk = memoryview(bytearray(_CHUNK))
        self._incoming = select.poll()
        self._incoming.register(reader, select.POLLIN)
        self._either = select.poll()
        self._either.register(writer, select.POLLOUT)
        self._either.register(reader, select.POLLIN | (select.POLLOUT if reader == writer else 0))

    def send(self, message: bytes, deadline: float) -> None:
        """Send all of a message.

        Args:
            message: the bytes, with their end of line.
            deadline: of ``time.monotonic()``.

        Raises:
            ConnectionEnded: the other side does not read any more.
            Expired: it was not all sent in time.
            FrameTooLong: something without end came in meanwhile.
        """
        rest = memoryview(message)
        while rest:
            try:
                sent = os.write(self._writer, rest)
            except BlockingIOError:  # noqa: PERF203 - each part may find no room
                self._wait_for_room(deadline)
            except OSError as error:  # a broken pipe, a reset connection
                raise ConnectionEnded from error
            else:
                rest = rest[sent:]

    def receive(self, deadline: float) -> bytes:
        """The next whole message; errors as those of :meth:`send`."""
        while (message := self._frames.next()) is None:
            left = _milliseconds(deadline)
            # what trickles in without end must not be waited for any longer
            if not self._incoming.poll(left) or not left:
                raise Expired
            self._take()
        return message

    def _wait_for_room(self, deadline: float) -> None:
        ready = self._either.poll(_milliseconds(deadline))
        if not ready:
            raise Expired
        if any(fd == self._reader and events & ~select.POLLOUT for fd, events in ready):
            self._take()

    def _take(self) -> None:
        try:
            count = os.readv(self._reader, [self._chunk])
        except BlockingIOError:
            return
        except OSError as error:
            raise ConnectionEnded from error
        if not count:
            self._frames.end()
            raise ConnectionEnded
        self._frames.feed(self._chunk[:count])


def _milliseconds(deadline: float) -> int:
    return max(math.ceil((deadline - time.monotonic()) * 1000), 0)
