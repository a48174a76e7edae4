"""SIGTERM as a second Ctrl-C, for commands that leave something behind if they just die."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["Terminated", "ending_like_ctrl_c"]


class Terminated(KeyboardInterrupt):
    """SIGTERM has come; it passes everything that Ctrl-C passes."""


@contextmanager
def ending_like_ctrl_c() -> Iterator[None]:
    """Let SIGTERM raise :class:`Terminated`, so that it undoes what Ctrl-C undoes.

    Only for what waits in Python: native code would hold the signal up.
    """
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _terminate(_number: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # the second one ends the process
    raise Terminated
