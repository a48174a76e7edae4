"""Lines of a file or of standard input, as they come."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO

from ..errors import InvalidInputError

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["LineSource"]

_LONGEST = 1 << 20


class LineSource:
    """Lines of text until the end of the stream, or until Ctrl-C while it waits for one.

    Args:
        name: a path, or ``"-"`` for standard input.

    Raises:
        InvalidInputError: it cannot be read.
    """

    def __init__(self, name: str) -> None:
        self.is_interrupted = False
        self._name = "stdin" if name == "-" else name
        self._file = _standard_input() if name == "-" else _opened(Path(name))

    def __iter__(self) -> Iterator[str]:
        mark = b"\xef\xbb\xbf"  # some editors write it before UTF-8
        while line := self._next():
            yield line.removeprefix(mark).decode(errors="replace")
            mark = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._name != "stdin":
            self._file.close()

    def _next(self) -> bytes:
        """The next line, or the beginning of one that is far too long; empty at the end."""
        try:
            return self._file.readline(_LONGEST)
        except KeyboardInterrupt:
            self.is_interrupted = True
            return b""
        except OSError as error:
            raise InvalidInputError(
                f"cannot read {self._name}: {error.strerror or error}"
            ) from error


def _standard_input() -> BinaryIO:
    if sys.stdin is None:
        raise InvalidInputError("there is no stdin: name a file, or give it a stream of readings")
    return sys.stdin.buffer


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InvalidInputError(f"cannot read {path}: {reason}") from error
