"""Lines of a file or of standard input, as they come."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO

from ..errors import InvalidInputError

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["LineSource"]

_LONGEST = 1 << 20
_USUAL = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
_LARGEST_PIPE = 1 << 17  # bytes, with what is buffered on this side


class LineSource:
    """Lines of text until the end of the stream, or until Ctrl-C or SIGTERM.

    While it is open the first of these signals only ends the lines: those that have come by then
    are given, and what was made of them is finished. The second one is as usual.

    Args:
        name: a path, or ``"-"`` for standard input.

    Raises:
        InvalidInputError: it cannot be read.
    """

    def __init__(self, name: str) -> None:
        self.is_interrupted = False
        self.is_terminated = False
        self._is_waiting = False
        self._usual: dict[int, Any] = {}
        self._rest = _LARGEST_PIPE
        self._name = "stdin" if name == "-" else name
        self._file = _standard_input() if name == "-" else _opened(Path(name))

    def __iter__(self) -> Iterator[str]:
        mark = b"\xef\xbb\xbf"  # some editors write it before UTF-8
        while line := self._left() if self.is_interrupted else self._next():
            yield line.removeprefix(mark).decode(errors="replace")
            mark = b""

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number, usual in _USUAL.items():
                if signal.getsignal(number) is usual:
                    self._usual[number] = signal.signal(number, self._interrupt)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._restore()
        with suppress(OSError, ValueError):  # stdin may be closed; it belongs to others too
            os.set_blocking(self._file.fileno(), True)
        if self._name != "stdin":
            self._file.close()

    def _next(self) -> bytes:
        """The next line, or the beginning of one that is far too long; empty at the end."""
        try:
            self._is_waiting = True
            return self._file.readline(_LONGEST)
        except KeyboardInterrupt:
            self.is_interrupted = True
            return self._left()
        except OSError as error:
            raise InvalidInputError(
                f"cannot read {self._name}: {error.strerror or error}"
            ) from error
        finally:
            self._is_waiting = False

    def _left(self) -> bytes:
        """A line that has come before Ctrl-C: no more than what a pipe holds, and whole ones."""
        if self._rest <= 0:
            return b""
        try:
            os.set_blocking(self._file.fileno(), False)
            line = self._file.readline(_LONGEST)
        except (OSError, ValueError, TypeError):  # nothing is there: raw files give None then
            return b""
        self._rest -= len(line)
        return line if line.endswith(b"\n") else b""

    def _interrupt(self, number: int, _frame: object) -> None:
        self.is_interrupted = True
        self.is_terminated = number == signal.SIGTERM
        self._restore()
        if self._is_waiting:
            raise KeyboardInterrupt

    def _restore(self) -> None:
        while self._usual:
            signal.signal(*self._usual.popitem())


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
