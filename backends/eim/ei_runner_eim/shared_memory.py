"""Float32 arrays in POSIX shared memory, as the EIM protocol uses them.

The segments are opened through the C module that Python's own ``multiprocessing.shared_memory`` is
built on: that one would start a process to track segments, and remove those of others.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import re
import secrets
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Segment", "is_segment_name", "unlink"]

_ITEM = np.dtype(np.float32).itemsize
_NAME = re.compile(r"/[A-Za-z0-9._-]{1,250}")


class Segment:
    """A shared-memory segment that holds ``elements`` float32 values.

    ``array`` is a view into it, float32, shape (elements,); do not keep it longer than the segment.
    """

    array: npt.NDArray[np.float32]

    def __init__(self, name: str, fd: int, elements: int) -> None:
        self.name = name
        self.elements = elements
        self.size_bytes = elements * _ITEM
        self._map = mmap.mmap(fd, self.size_bytes)
        self.array = np.frombuffer(self._map, np.float32, elements)

    @classmethod
    def create(cls, elements: int) -> Self:
        """Make a segment under a new name that nobody else uses, for this user alone.

        Raises:
            OSError: the system has no shared memory, or no room.
        """
        name = f"/shm-{secrets.token_hex(6)}"
        fd = _open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL)
        try:
            os.ftruncate(fd, elements * _ITEM)
            _reserve(fd, elements * _ITEM)
            return cls(name, fd, elements)
        except BaseException:
            unlink(name)
            raise
        finally:
            os.close(fd)

    @classmethod
    def attach(cls, name: str, elements: int) -> Self:
        """Map a segment that another process has made.

        Raises:
            OSError: there is no such segment, it belongs to another user, or there is no room.
            ValueError: the name is none, or the segment is too small.
        """
        if not is_segment_name(name):
            raise ValueError(f"{name!r} is no name of a shared-memory segment")
        fd = _open(name, os.O_RDWR)
        try:
            size = os.fstat(fd).st_size
            if elements < 1 or size < elements * _ITEM:
                raise ValueError(f"{name} has {size} bytes, not the {elements * _ITEM} needed")
            _reserve(fd, elements * _ITEM)
            return cls(name, fd, elements)
        finally:
            os.close(fd)

    def close(self) -> None:
        """Unmap it, as soon as nobody holds a view of it any more. Closing twice is legal."""
        self.array = np.empty(0, np.float32)
        with contextlib.suppress(BufferError):  # a view is still held: it goes with the last one
            self._map.close()

    def unlink(self) -> None:
        """Remove its name; who has mapped it keeps it."""
        unlink(self.name)


def is_segment_name(name: str) -> bool:
    """Whether it is one name below the root of shared memory, and no path."""
    return _NAME.fullmatch(name) is not None


def unlink(name: str) -> None:
    """Remove the name of a segment, if it is there."""
    import _posixshmem  # type: ignore[import-not-found]

    with contextlib.suppress(FileNotFoundError):
        _posixshmem.shm_unlink(name)


def _reserve(fd: int, size: int) -> None:
    """Take the memory now: too little of it is an error here, and would be a crash later."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(fd, 0, size)


def _open(name: str, flags: int) -> int:
    try:
        import _posixshmem
    except ImportError as error:
        raise OSError("this Python has no POSIX shared memory") from error
    fd: int = _posixshmem.shm_open(name, flags, mode=0o600)
    return fd
