"""Bodies of type ``multipart/form-data``, read from disk while they are sent."""

from __future__ import annotations

import secrets
import stat
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path

from msgspec import Struct

from ..errors import InvalidInputError
from .filenames import content_type, quoted

__all__ = ["BodyStream", "MultipartBody", "Part", "part"]

_FIELD = "data"
_PIECE = 1 << 16


class Part(Struct, frozen=True):
    """One file of a body; its content is in memory or on disk."""

    filename: str
    content: bytes | Path
    size: int


def part(filename: str, content: bytes | Path) -> Part:
    """A part with the size that it has now.

    Raises:
        InvalidInputError: it cannot be read, or is no regular file, which might never end.
    """
    if not isinstance(content, Path):
        return Part(filename, content, len(content))
    try:
        status = content.stat()
    except (OSError, ValueError) as error:
        raise _unreadable(content, error) from None
    if not stat.S_ISREG(status.st_mode):
        raise InvalidInputError(f"cannot read {content}: it is not a regular file")
    return Part(filename, content, status.st_size)


class MultipartBody:
    """A body that can be sent any number of times."""

    def __init__(self, parts: Iterable[Part]) -> None:
        self._parts = tuple(parts)
        self._boundary = f"----ei-runner-{secrets.token_hex(16)}"
        self._heads = tuple(self._head(part) for part in self._parts)
        self._end = f"--{self._boundary}--\r\n".encode()
        contents = sum(part.size + len(b"\r\n") for part in self._parts)
        self.size = sum(map(len, self._heads)) + contents + len(self._end)

    @property
    def content_type(self) -> str:
        """For the header of the request."""
        return f"multipart/form-data; boundary={self._boundary}"

    def open(self) -> BodyStream:
        """The bytes, from the beginning."""
        return BodyStream(self._pieces(), self.size)

    def _head(self, part: Part) -> bytes:
        lines = (
            f"--{self._boundary}",
            f'Content-Disposition: form-data; name="{_FIELD}"; filename="{quoted(part.filename)}"',
            f"Content-Type: {content_type(part.filename)}",
            "",
            "",
        )
        return "\r\n".join(lines).encode()

    def _pieces(self) -> Generator[bytes | memoryview, None, None]:
        for part, head in zip(self._parts, self._heads, strict=True):
            yield head
            yield from _contents(part)
            yield b"\r\n"
        yield self._end


class BodyStream:
    """Reads a body piece by piece, as a file does. Its length is known."""

    def __init__(self, pieces: Generator[bytes | memoryview, None, None], size: int) -> None:
        self._pieces = pieces
        self._size = self._left = size
        self._buffer = bytearray()

    def __len__(self) -> int:
        return self._size

    @property
    def is_spent(self) -> bool:
        """Whether all was read: otherwise nobody can have got the whole body."""
        return not self._left

    def __iter__(self) -> Iterator[bytes]:
        while piece := self.read(_PIECE):
            yield piece

    def read(self, size: int = -1) -> bytes:
        """The next bytes, empty at the end.

        Raises:
            InvalidInputError: a file cannot be read, or changes meanwhile.
        """
        wanted = self._left if size < 0 else min(size, self._left)
        while len(self._buffer) < wanted:
            self._buffer += next(self._pieces)
        given = bytes(self._buffer[:wanted])
        del self._buffer[:wanted]
        self._left -= wanted
        return given

    def close(self) -> None:
        """Close the file that is being read. Closing twice is legal."""
        self._pieces.close()


def _contents(part: Part) -> Generator[bytes | memoryview, None, None]:
    if isinstance(part.content, Path):
        yield from _from_disk(part.content, part.size)
        return
    content = memoryview(part.content)
    for start in range(0, part.size, _PIECE):
        yield content[start : start + _PIECE]


def _from_disk(path: Path, size: int) -> Generator[bytes, None, None]:
    """As many bytes as were promised. A file that grows or shrinks ends the upload half-way."""
    left = size
    try:
        with path.open("rb") as file:
            while left:
                piece = file.read(min(_PIECE, left))
                left -= len(piece)
                if not piece or (not left and file.read(1)):
                    raise InvalidInputError(
                        f"{path} changes while it is uploaded; upload it when it is complete"
                    )
                yield piece
    except OSError as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: Exception) -> InvalidInputError:
    reason = error.strerror if isinstance(error, OSError) else None
    return InvalidInputError(f"cannot read {path}: {reason or error}")
