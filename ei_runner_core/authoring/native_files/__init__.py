"""Programs, shared libraries and object files: what they are built for, and whether it is here.

Only their heads are read, and nothing of them is executed or loaded.
"""

from __future__ import annotations

from .content import Content, Damaged
from .heads import NativeFile, read_native_file
from .loading import explain_loading
from .machines import describe, loads_here, runs_here, this_machine, translates

__all__ = [
    "Content",
    "Damaged",
    "NativeFile",
    "describe",
    "explain_loading",
    "loads_here",
    "read_native_file",
    "runs_here",
    "this_machine",
    "translates",
]
