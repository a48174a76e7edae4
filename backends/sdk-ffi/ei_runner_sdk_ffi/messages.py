"""What the SDK prints while it works."""

from __future__ import annotations

import _thread
from collections import deque
from typing import Any

from .native import ffi

__all__ = ["Messages"]


class Messages:
    """Takes the SDK's output: its lines are logged, and the newest ones kept.

    Attributes:
        receiver: the function of C that takes a text.
        is_empty: whether nothing was printed since the last :meth:`clear`.
    """

    def __init__(self) -> None:
        self._lines: deque[str] = deque(maxlen=20)
        self._unfinished = b""
        self.is_empty = True
        self.receiver = ffi.callback("ei_runner_log", self._receive, onerror=_interrupted)

    @property
    def last(self) -> str:
        """The newest line since the last :meth:`clear`; empty if nothing was printed."""
        return _text(self._unfinished) or (self._lines[-1] if self._lines else "")

    def clear(self) -> None:
        """Forget all lines; one that was not finished is logged as it is."""
        if self._unfinished:
            self._keep(self._unfinished)
            self._unfinished = b""
        self._lines.clear()
        self.is_empty = True

    def _receive(self, text: Any, length: int) -> None:
        self.is_empty = False
        # Bytes are put together first: a character may come in several texts.
        *lines, self._unfinished = (self._unfinished + ffi.unpack(text, length)).split(b"\n")
        for line in lines:
            self._keep(line)

    def _keep(self, line: bytes) -> None:
        if text := _text(line):
            self._lines.append(text)
            import logging  # on first use: a model that prints nothing does not need it

            logging.getLogger(__name__).debug("%s", text)


def _interrupted(_kind: object, error: BaseException, _traceback: object) -> None:
    """Ctrl-C cannot leave a function that C has called: it comes again when C has returned."""
    if isinstance(error, KeyboardInterrupt):
        _thread.interrupt_main()


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace").strip()
