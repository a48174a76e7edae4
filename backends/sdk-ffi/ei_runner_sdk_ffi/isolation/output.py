"""The last lines of what a worker prints."""

from __future__ import annotations

import contextlib
import logging
from collections import deque
from typing import IO

__all__ = ["Output"]

_log = logging.getLogger(__name__)
_CHUNK = 1 << 16
_LINES = 20
_LONGEST_LINE = 300
_LONGEST_SAID = 800


class Output:
    """Takes what a worker prints; each line is logged, and the last ones are remembered.

    Args:
        file: the end of a pipe that can be read from, not blocking.
        name: of the model, for the log.
    """

    def __init__(self, file: IO[bytes], name: str) -> None:
        self._file = file
        self._name = name
        self._lines: deque[str] = deque(maxlen=_LINES)
        self._rest = b""

    def take(self) -> bytes | None:
        """Take a part of what there is: nothing at its end, ``None`` if there is none now."""
        data = self._file.read(_CHUNK)
        if data:
            *lines, rest = (self._rest + data).split(b"\n")
            self._rest = rest[:_LONGEST_LINE]
            self._note(lines)
        return data

    def said(self) -> str:
        """A clause with the last lines, as much of them as fits; empty without any."""
        while self.take():
            pass
        self._note([self._rest])
        self._rest = b""
        text = " | ".join(self._lines)
        text = text if len(text) <= _LONGEST_SAID else f"...{text[-_LONGEST_SAID:]}"
        return f"; its last output: {text}" if text else ""

    def _note(self, lines: list[bytes]) -> None:
        is_logged = _log.isEnabledFor(logging.DEBUG)
        for line in lines if is_logged else lines[-_LINES:]:
            text = line[:_LONGEST_LINE].decode(errors="replace")
            text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
            if text:
                self._lines.append(text)
                self._write(text)

    def _write(self, line: str) -> None:
        with contextlib.suppress(Exception):  # a handler of the user's must not stop the model
            _log.debug("%s: %s", self._name, line)
