"""The bytes of a file of unknown content, read where they are needed."""

from __future__ import annotations

import os
import struct
from typing import Any, BinaryIO

__all__ = ["Content", "Damaged"]


class Damaged(ValueError):  # noqa: N818 - the file is at fault
    """The head of the file contradicts itself, or the file is cut off."""


class Content:
    """The bytes of a file, read where they are needed.

    A mapping of it would end this process where the file shrinks, or its disk fails.

    Args:
        file: open for reading, with positions.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.size = file.seek(0, os.SEEK_END)

    def part(self, at: int, size: int) -> bytes:
        """So many bytes from a position on.

        Raises:
            Damaged: they are not there.
            OSError: they cannot be read.
        """
        self.check_end(at + size)
        self._file.seek(at)
        data = self._file.read(size)
        if len(data) < size:
            raise Damaged("it has just become shorter")
        return data

    def unpack(self, layout: str, at: int) -> tuple[Any, ...]:
        """The values at a position, as :mod:`struct` names them; errors as of :meth:`part`."""
        return struct.unpack(layout, self.part(at, struct.calcsize(layout)))

    def check_end(self, end: int) -> None:
        """Raise Damaged if it ends before this position."""
        if end > self.size:
            raise Damaged(f"it is cut off: it has {self.size} bytes of at least {end}")
