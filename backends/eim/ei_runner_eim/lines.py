"""Messages out of the standard output of a program, which also prints there what it has to say."""

from __future__ import annotations

import re
from collections.abc import Callable

from .framing import FrameTooLong

__all__ = ["LineReader"]

_BLANKS = b" \t\r\0"
_BEGIN = re.compile(rb'\{\s*"')
_OF_A_REPLY = re.compile(rb'"(?:id|success|error)"\s*:')


class LineReader:
    """Cuts a stream into messages; each of them is the end of one line.

    What else is printed may hold braces and quotes, so that they say nothing about where a message
    ends; but there they never ruin more than their own line.

    Args:
        limit: the longest line in bytes.
        skipped: is called with text that is no message.
    """

    def __init__(self, limit: int, skipped: Callable[[bytes], None] = lambda _: None) -> None:
        self.skipped = skipped
        self._limit = limit
        self._buffer = bytearray()
        self._searched = 0

    def feed(self, data: bytes | memoryview) -> None:
        """Add what was read.

        Raises:
            FrameTooLong: a line is above the limit.
        """
        self._buffer += data
        if len(self._buffer) > self._limit and self._buffer.find(b"\n", self._searched) < 0:
            raise FrameTooLong

    def next(self) -> bytes | None:
        """The next whole message, or ``None`` while there is none."""
        while (end := self._buffer.find(b"\n", self._searched)) >= 0:
            line = bytes(memoryview(self._buffer)[:end])
            del self._buffer[: end + 1]
            self._searched = 0
            if message := self._message(line):
                return message
        self._searched = len(self._buffer)
        return None

    def end(self) -> None:
        """The stream has ended: what has begun is no message any more."""
        self._skip(bytes(self._buffer))
        self._buffer.clear()
        self._searched = 0

    def _message(self, line: bytes) -> bytes:
        """The message at the end of a line; empty if there is none."""
        begin = _BEGIN.search(line)
        is_reply = begin and line.rstrip(_BLANKS).endswith(b"}") and _OF_A_REPLY.search(line)
        if not (begin and is_reply):
            self._skip(line)
            return b""
        self._skip(line[: begin.start()])
        return line[begin.start() :].rstrip(_BLANKS)

    def _skip(self, text: bytes) -> None:
        if text := text.strip(_BLANKS):
            self.skipped(text)
