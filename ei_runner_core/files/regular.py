"""Reading regular files, and nothing that might keep the reader waiting for ever."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from ..errors import InvalidInputError

__all__ = ["read_regular"]

_CHUNK_BYTES = 1024 * 1024
_KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def read_regular(path: Path, limit: int) -> bytes:
    """The first ``limit`` bytes of a regular file.

    Raises:
        InvalidInputError: it is a folder, a pipe, a socket or a device, or reading it would wait.
        OSError: it cannot be read.
        ValueError: the path holds a NUL byte.
    """
    _check(path.stat().st_mode)  # before it is opened: that alone does something to some devices
    with open(path, "rb", buffering=0, opener=_open) as file:
        content = bytearray()
        while len(content) < limit:
            chunk = file.read(min(_CHUNK_BYTES, limit - len(content)))
            if chunk is None:  # some files of the kernel, such as a log, have no end
                raise _refusal("a file that waits for more to come")
            if not chunk:
                break
            content += chunk
    return bytes(content)


def _open(path: str, flags: int) -> int:
    """Open without waiting: what is there may have changed since it was looked at."""
    descriptor = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
    try:
        _check(os.fstat(descriptor).st_mode)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _check(mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise InvalidInputError("cannot be read: it is a folder; name one of the files in it")
    if not stat.S_ISREG(mode):
        raise _refusal(_KINDS.get(stat.S_IFMT(mode), "something special"))


def _refusal(what: str) -> InvalidInputError:
    return InvalidInputError(
        f"it is {what}, not a regular file; pipe it into stdin instead, with - as the input"
    )
