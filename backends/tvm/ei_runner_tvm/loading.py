"""One thread at a time loads native code: two loads of the same would not know of each other."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["loading_alone"]

_locks = [threading.RLock()]


@contextmanager
def loading_alone() -> Iterator[None]:
    """Wait until nobody else loads anything."""
    with _locks[0]:
        yield


def _renew() -> None:
    """A thread that held it stayed behind in the parent of a forked child."""
    _locks[:] = [threading.RLock()]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)
