"""Keeping forked children from tearing down what belongs to their parent."""

from __future__ import annotations

import ctypes
import os
from typing import Protocol
from weakref import WeakSet

__all__ = ["Abandonable", "keep_in_forked_child"]


class Abandonable(Protocol):
    """Something that holds a native object."""

    def abandon(self) -> object:
        """Become unusable, and hand out the native object."""


def keep_in_forked_child(holder: Abandonable) -> None:
    """Keep every forked child from tearing down what belongs to its parent.

    Many engines wait for their threads when they are destroyed. A forked child has the engine but
    not the threads: it would wait for ever, at its exit at the latest. So ``holder.abandon()`` is
    called in the child, and what it hands out is never destroyed there.

    Args:
        holder: it is referred to weakly, and nothing happens once it is gone.
    """
    _holders.add(holder)


_holders: WeakSet[Abandonable] = WeakSet()


def _abandon_all() -> None:
    for holder in list(_holders):
        # One reference too many, so that not even the end of the interpreter destroys it.
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(holder.abandon()))


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_abandon_all)
