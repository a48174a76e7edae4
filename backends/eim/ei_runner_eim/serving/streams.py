"""Bytes to and from a client, and words to whoever started the server."""

from __future__ import annotations

import os
from contextlib import suppress

__all__ = ["keep_standard_streams", "say", "write_all"]


def keep_standard_streams() -> tuple[int, int]:
    """Take stdin and stdout for messages alone.

    Whatever else is written to stdout from now on, also by native libraries, goes to stderr.

    Returns:
        The file descriptors to read from and to write to.
    """
    requests, replies = os.dup(0), os.dup(1)
    for stream in (requests, replies):
        os.set_blocking(stream, True)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    try:
        os.dup2(2, 1)
    except OSError:  # there is no stderr
        os.dup2(nothing, 1)
    os.close(nothing)
    return requests, replies


def say(line: str, stream: int = 1) -> None:
    """Write a line at once, if anybody listens."""
    with suppress(OSError):
        write_all(stream, os.fsencode(line) + b"\n")


def write_all(stream: int, data: bytes) -> None:
    """Write all of it, however often the system takes only a part.

    Raises:
        OSError: nobody reads any more.
    """
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(stream, rest) :]
