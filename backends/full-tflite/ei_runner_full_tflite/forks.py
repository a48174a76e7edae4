"""Keeping a forked child from tearing down what belongs to its parent.

An interpreter with several threads waits for them when it is destroyed. A forked child has the
interpreter but not the threads: it would wait forever, at its exit at the latest. So the child
keeps each interpreter for good.
"""

from __future__ import annotations

import ctypes
import os
from typing import Protocol
from weakref import WeakSet

__all__ = ["protect"]


class Abandonable(Protocol):
    """Something that holds a native object."""

    def abandon(self) -> object:
        """Become unusable, and hand out the native object."""


_holders: WeakSet[Abandonable] = WeakSet()


def protect(holder: Abandonable) -> None:
    """Abandon the holder in every child that is forked while it is alive."""
    _holders.add(holder)


def _abandon_all() -> None:
    for holder in list(_holders):
        # One reference too many, so that not even the end of the interpreter destroys it.
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(holder.abandon()))


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_abandon_all)
