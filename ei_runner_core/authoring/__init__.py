"""What backends have in common: helpers for those who write one.

None of them has to be used. They spare a backend the parts that are the same for all engines, and
users the differences between what each backend says.
"""

from __future__ import annotations

from .checks import check_inputs, one_line
from .forks import Abandonable, keep_in_forked_child
from .options import read_input_shapes, read_options, read_thread_count
from .session import EngineSession

__all__ = [
    "Abandonable",
    "EngineSession",
    "check_inputs",
    "keep_in_forked_child",
    "one_line",
    "read_input_shapes",
    "read_options",
    "read_thread_count",
]
