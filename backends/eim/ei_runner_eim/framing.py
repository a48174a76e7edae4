"""Whole messages out of a stream of bytes, however the reads were cut.

A message is one JSON object. Most senders end it with a line break, a NUL byte or both, some with
nothing; strings in it may hold braces.
"""

from __future__ import annotations

import re

__all__ = ["FrameReader", "FrameTooLong", "NoFrame"]

_BLANKS = b" \t\r\n\0"
_BRACE = re.compile(rb"[{}]")
_END_OF_OBJECT = re.compile(rb"\}\s*[^\s,\]}]")
_LAST_BRACE = re.compile(rb"\}\s*\Z")


class FrameTooLong(Exception):  # noqa: N818 - it tells what happened, not that this code is wrong
    """A message is longer than it may be."""


class NoFrame(Exception):  # noqa: N818 - it tells what came, not that this code is wrong
    """Something else than a message came where nothing else may come."""

    def __init__(self, text: bytes) -> None:
        super().__init__(text)
        self.text = text


class FrameReader:
    """Cuts a stream into messages.

    Args:
        limit: the longest message in bytes.
        strict: nothing but blanks may stand between messages; else what stands there is dropped.
    """

    def __init__(self, limit: int, *, strict: bool = False) -> None:
        self._limit = limit
        self._strict = strict
        self._buffer = bytearray()
        self._restart()

    def feed(self, data: bytes | memoryview) -> None:
        """Add what was read.

        Raises:
            FrameTooLong: the message that has begun is above the limit.
        """
        self._buffer += data
        if len(self._buffer) > self._limit and self._is_too_long():
            raise FrameTooLong

    def next(self) -> bytes | None:
        """The next whole message, or ``None`` while there is none.

        Raises:
            NoFrame: something else came, and this is strict.
        """
        if not self._buffer or not self._starts_with_message():
            return None
        end = self._end_of_line() or self._end_of_object()
        if not end:
            return None
        message = bytes(memoryview(self._buffer)[:end])
        del self._buffer[:end]
        self._restart()
        return message

    def end(self) -> None:
        """The stream has ended; what has begun stays pending."""

    @property
    def pending(self) -> bytes:
        """What was read and is no whole message yet."""
        return bytes(self._buffer)

    def _restart(self) -> None:
        self._line_searched = 0
        self._is_long = False
        self._position = 0
        self._depth = 0
        self._is_in_string = False

    def _is_too_long(self) -> bool:
        """Whether it is one message that is too long, and not several that nobody took yet."""
        begin = self._buffer.find(b"{")
        end = self._buffer.find(b"\n", max(begin, 0))
        return (end if end >= 0 else len(self._buffer)) - max(begin, 0) > self._limit

    def _starts_with_message(self) -> bool:
        """Drop what stands before the next brace."""
        if self._buffer[:1] == b"{":
            return True
        begin = self._buffer.find(b"{")
        is_there = begin >= 0
        between = self._buffer[:begin] if is_there else self._buffer
        if self._strict and (text := bytes(between).strip(_BLANKS)):
            raise NoFrame(text)
        del self._buffer[: begin if is_there else None]
        return is_there

    def _end_of_line(self) -> int:
        """Where the first line ends, if it is balanced: nearly all messages are one line."""
        if self._is_long:
            return 0
        line = self._find_end_of_line()
        if line < 0:
            self._line_searched = len(self._buffer)
            return 0
        self._is_long = True  # unless this is the end of it
        is_one = not _END_OF_OBJECT.search(self._buffer, 0, line) and _LAST_BRACE.search(
            self._buffer, max(line - 8, 0), line
        )
        is_even = self._buffer.count(b"{", 0, line) == self._buffer.count(b"}", 0, line)
        return line if is_one and is_even else 0

    def _find_end_of_line(self) -> int:
        # one search for each of the two is ten times faster than a pattern for both
        line = self._buffer.find(b"\n", self._line_searched)
        nul = self._buffer.find(b"\0", self._line_searched, line if line >= 0 else None)
        return nul if nul >= 0 else line

    def _end_of_object(self) -> int:
        """Where the braces that stand outside of strings are balanced."""
        while self._position < len(self._buffer):
            if self._is_in_string:
                if not self._pass_string():
                    return 0
            elif end := self._pass_structure():
                return end
        return 0

    def _pass_string(self) -> bool:
        """Go behind the end of a string, or of what is escaped in it, as soon as that is there."""
        quote = self._buffer.find(b'"', self._position)
        escape = self._buffer.find(b"\\", self._position, quote if quote >= 0 else None)
        if escape >= 0:
            self._position = escape
            if escape + 1 >= len(self._buffer):
                return False  # what is escaped has not come yet
            self._position = escape + 2
            return True
        self._position = quote + 1 if quote >= 0 else len(self._buffer)
        self._is_in_string = quote < 0
        return True

    def _pass_structure(self) -> int:
        """Go behind the begin of the next string; the end of the object if it comes before."""
        quote = self._buffer.find(b'"', self._position)
        stop = quote if quote >= 0 else len(self._buffer)
        if self._buffer.find(b"}", self._position, stop) < 0:
            self._depth += self._buffer.count(b"{", self._position, stop)
        else:
            for brace in _BRACE.finditer(self._buffer, self._position, stop):
                self._depth += 1 if brace.group() == b"{" else -1
                if self._depth == 0:
                    return brace.end()
        self._is_in_string = quote >= 0
        self._position = stop + self._is_in_string
        return 0
