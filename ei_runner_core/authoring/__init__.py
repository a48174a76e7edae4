"""What backends have in common: helpers for those who write one.

None of them has to be used. They spare a backend the parts that are the same for all engines, and
users the differences between what each backend says.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from .checks import check_inputs, one_line
from .codes import meaning_of_code
from .forks import Abandonable, keep_in_forked_child
from .options import (
    read_boolean,
    read_choice,
    read_input_shapes,
    read_options,
    read_seconds,
    read_thread_count,
)
from .turn import Turn

if TYPE_CHECKING:
    from .._progress_stream import progress_stream
    from ..windows import WindowCheck
    from .archives import unpack
    from .content_cache import CacheEntry, ContentCache, content_key
    from .networks import installed_tensor_backends, open_network
    from .self_check import (
        Difference,
        Trial,
        make_negative,
        make_noise,
        make_trials,
        worst_difference,
    )
    from .session import EngineSession
    from .sliding import SlidingWindow
    from .streams import SliceStream
    from .thresholds import ThresholdTable

__all__ = [
    "Abandonable",
    "CacheEntry",
    "ContentCache",
    "Difference",
    "EngineSession",
    "SliceStream",
    "SlidingWindow",
    "ThresholdTable",
    "Trial",
    "Turn",
    "WindowCheck",
    "check_inputs",
    "content_key",
    "installed_tensor_backends",
    "keep_in_forked_child",
    "make_negative",
    "make_noise",
    "make_trials",
    "meaning_of_code",
    "one_line",
    "open_network",
    "progress_stream",
    "read_boolean",
    "read_choice",
    "read_input_shapes",
    "read_options",
    "read_seconds",
    "read_thread_count",
    "unpack",
    "worst_difference",
]

# What they need is too much for plugins that are only listed and for commands that only print.
_HOMES = {
    "CacheEntry": "ei_runner_core.authoring.content_cache",
    "ContentCache": "ei_runner_core.authoring.content_cache",
    "Difference": "ei_runner_core.authoring.self_check",
    "EngineSession": "ei_runner_core.authoring.session",
    "SliceStream": "ei_runner_core.authoring.streams",
    "SlidingWindow": "ei_runner_core.authoring.sliding",
    "ThresholdTable": "ei_runner_core.authoring.thresholds",
    "Trial": "ei_runner_core.authoring.self_check",
    "WindowCheck": "ei_runner_core.windows",
    "content_key": "ei_runner_core.authoring.content_cache",
    "installed_tensor_backends": "ei_runner_core.authoring.networks",
    "make_negative": "ei_runner_core.authoring.self_check",
    "make_noise": "ei_runner_core.authoring.self_check",
    "make_trials": "ei_runner_core.authoring.self_check",
    "open_network": "ei_runner_core.authoring.networks",
    "progress_stream": "ei_runner_core._progress_stream",
    "unpack": "ei_runner_core.authoring.archives",
    "worst_difference": "ei_runner_core.authoring.self_check",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
