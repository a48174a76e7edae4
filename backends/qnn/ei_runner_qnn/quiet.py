"""Keeping ONNX Runtime's tools quiet, which are made for the terminal of a developer."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from io import StringIO

__all__ = ["quiet_tools"]


@contextmanager
def quiet_tools() -> Iterator[None]:
    """Hold back what they print, and what they log in this thread without a logger of their own."""
    root, thread = logging.getLogger(), threading.get_ident()
    handler = logging.NullHandler()  # else the first message would set up logging for the process

    def is_of_others(record: logging.LogRecord) -> bool:
        return record.thread != thread

    root.addFilter(is_of_others)
    root.addHandler(handler)
    try:
        with redirect_stdout(StringIO()):
            yield
    finally:
        root.removeHandler(handler)
        root.removeFilter(is_of_others)
