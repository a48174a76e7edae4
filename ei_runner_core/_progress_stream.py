"""Where a bar may be drawn, also while what native code writes to stderr is held back."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TextIO

__all__ = ["drawing_on", "progress_stream"]

_shown: ContextVar[TextIO | None] = ContextVar("progress_stream", default=None)


def progress_stream() -> TextIO | None:
    """The terminal on which a bar may be drawn; ``None`` if stderr is none."""
    stream = _shown.get() or sys.stderr
    return stream if stream is not None and stream.isatty() else None


@contextmanager
def drawing_on(descriptor: int) -> Iterator[None]:
    """Let bars be drawn on a copy of stderr, which has been put aside."""
    with os.fdopen(os.dup(descriptor), "w", errors="replace") as stream:
        token = _shown.set(stream)
        try:
            yield
        finally:
            _shown.reset(token)
