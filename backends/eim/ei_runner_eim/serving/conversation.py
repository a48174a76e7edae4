"""One client's messages in, their answers out, in order."""

from __future__ import annotations

import os
from collections.abc import Callable
from time import monotonic_ns

from ..framing import FrameReader
from .streams import write_all

__all__ = ["LONGEST_MESSAGE", "converse"]

LONGEST_MESSAGE = 32 << 20
_READ_SIZE = 1 << 18

Answer = Callable[[bytes, int], bytes]


def converse(requests: int, replies: int, end: bytes, answer: Answer) -> None:
    """Answer until the client goes.

    Args:
        requests: the file descriptor to read from.
        replies: the one to write to.
        end: what follows each answer.
        answer: takes a message and the milliseconds that it took to arrive.

    Raises:
        FrameTooLong: a message is longer than :data:`LONGEST_MESSAGE` bytes.
    """
    reader = FrameReader(LONGEST_MESSAGE)
    buffer = memoryview(bytearray(_READ_SIZE))
    begin = 0
    try:
        while count := os.readv(requests, [buffer]):
            begin = begin or monotonic_ns()
            reader.feed(buffer[:count])
            while (message := reader.next()) is not None:
                milliseconds = (monotonic_ns() - begin) // 1_000_000
                write_all(replies, answer(message, milliseconds) + end)
                begin = 0
    except ConnectionError:
        return  # the client is gone, maybe in the middle of an answer
