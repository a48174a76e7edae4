"""What requests and answers carry: sent and read piece by piece, under a clock and a limit."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from time import monotonic
from typing import Any, BinaryIO

import requests
from requests.utils import super_len
from urllib3.exceptions import HTTPError

from .errors import AnswerCut
from .troubles import reason_of

__all__ = ["Body", "TimedBody", "TooLarge", "make_body", "read_all", "read_chunks"]

Body = bytes | Callable[[], "bytes | BinaryIO | Iterable[bytes]"]
CHUNK = 1 << 16


class TooLarge(Exception):  # noqa: N818 - internal, it never leaves this package
    """An answer is larger than it may be."""


class TimedBody:
    """The body of one attempt: gives what it reads until the deadline, and keeps what went wrong.

    The libraries below take whatever a body raises for a broken connection.
    """

    def __init__(self, content: Any, deadline: float) -> None:
        self.error: Exception | None = None
        self._content = content
        self._deadline = deadline
        self._length = super_len(content) if hasattr(content, "read") else 0
        self._pieces = None if hasattr(content, "read") else iter(content)

    def __len__(self) -> int:
        """The number of bytes, 0 if nobody knows: then they are sent in chunks."""
        return self._length

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[bytes]:
        return iter(lambda: self.read(CHUNK), b"")

    def read(self, size: int = -1) -> bytes:
        """The next piece; empty at the end."""
        if monotonic() > self._deadline:
            raise TimeoutError("the deadline has passed")
        try:
            if self._pieces is None:
                return bytes(self._content.read(size))
            return next((bytes(piece) for piece in self._pieces if piece), b"")
        except Exception as error:  # whatever the caller's file or iterator raises is the caller's
            self.error = error
            raise

    def close(self) -> None:
        """Close the file or the generator."""
        if hasattr(self._content, "close"):
            self._content.close()


def make_body(body: Body | None, deadline: float) -> TimedBody | None:
    """A fresh body for an attempt; ``None`` where there is nothing to send.

    Bytes too are sent piece by piece: the timeout of a connection is for one piece.
    """
    content: Any = body() if callable(body) else body
    if isinstance(content, bytes):
        content = io.BytesIO(content) if content else None
    return None if content is None else TimedBody(content, deadline)


def read_chunks(response: requests.Response, size: int = CHUNK) -> Iterator[bytes]:
    """The body of an answer to a request with ``stream=True``, decoded.

    It ends at the request's deadline, and is closed in the end or when the generator is.

    Args:
        response: the answer.
        size: the greatest number of bytes of a piece; each is given as soon as it comes.

    Raises:
        AnswerCut: the body ends early, stands still, or its deadline has passed.
    """
    with response:
        while True:
            piece, reason = _next_piece(response, size)
            if reason:
                raise AnswerCut(reason)
            if not piece:
                return
            yield piece


def _next_piece(response: requests.Response, size: int) -> tuple[bytes, str]:
    """What has come, empty at the end, and why there will not be more."""
    try:
        return response.raw.read1(size, decode_content=True) or b"", ""
    except (HTTPError, OSError) as error:
        return b"", reason_of(error)


def read_all(response: requests.Response, limit: int) -> None:
    """Read a body into its answer, and give the connection back.

    Raises:
        AnswerCut: it ends early.
        TooLarge: it has more than ``limit`` bytes.
    """
    content = io.BytesIO()
    for piece in read_chunks(response):
        if content.tell() + len(piece) > limit:
            raise TooLarge
        content.write(piece)
    content.seek(0)
    response.raw = content
