"""What backends have in common: helpers for those who write one.

None of them has to be used. They spare a backend the parts that are the same for all engines, and
users the differences between what each backend says.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from .checks import check_inputs, one_line
from .forks import Abandonable, keep_in_forked_child
from .options import read_input_shapes, read_options, read_thread_count
from .session import EngineSession
from .turn import Turn

if TYPE_CHECKING:
    from ..windows import WindowCheck
    from .sliding import SlidingWindow

__all__ = [
    "Abandonable",
    "EngineSession",
    "SlidingWindow",
    "Turn",
    "WindowCheck",
    "check_inputs",
    "keep_in_forked_child",
    "one_line",
    "read_input_shapes",
    "read_options",
    "read_thread_count",
]

# They need NumPy, which plugins that are only listed and commands that only print do without.
_HOMES = {
    "SlidingWindow": "ei_runner_core.authoring.sliding",
    "WindowCheck": "ei_runner_core.windows",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
