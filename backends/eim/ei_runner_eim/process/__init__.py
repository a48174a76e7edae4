"""One model's process: checked before it starts, guarded while it runs, gone afterwards.

A small guard process is the parent of the program. It ends the program when it is told to and when
the host, which is the process that uses the model, is gone in whatever way.
"""

from __future__ import annotations

from .executable import prepare
from .guarded import EimProcess
from .places import PrivateFolder

__all__ = ["EimProcess", "PrivateFolder", "prepare"]
