"""The options of the backend: checked once, before anything is loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ei_runner_core import InvalidInputError
from ei_runner_core.authoring import read_input_shapes, read_options, read_thread_count

from .library_paths import read_library_path
from .provider_options import ProviderOption, read_providers, text_mapping

__all__ = ["Options"]

# Changing these would switch off the checks of files and of what runs where.
_SET_BY_BACKEND = {
    "session.disable_cpu_ep_fallback",
    "session.load_model_format",
    "session.model_external_initializers_file_folder_path",
    "session.record_ep_graph_assignment_info",
}
_LEVELS = ("none", "basic", "extended", "all")


@dataclass(frozen=True)
class Options:
    """How a network is opened.

    ``providers``: what runs it, in this order; none stands for the CPU.
    ``allow_cpu``: whether the CPU may run what the providers do not take.
    ``num_threads``: threads of the kernels; None chooses by the size of the network.
    ``optimization``: how far ONNX Runtime may change the graph, a level of ``_LEVELS``.
    ``input_shapes``: for networks with dynamic dimensions, the shapes of inputs by name.
    ``custom_ops``: libraries of custom operators.
    ``session_options``: ONNX Runtime's session configuration.
    """

    providers: tuple[ProviderOption, ...] = ()
    allow_cpu: bool = False
    num_threads: int | None = None
    optimization: str = "all"
    input_shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    custom_ops: tuple[Path, ...] = ()
    session_options: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, options: Mapping[str, Any]) -> Options:
        """Check what the user passed; None stands for the default of every option.

        Raises:
            InvalidInputError: an option is unknown or has a wrong value.
        """
        return cls(**read_options("onnx", options, _READERS))


def _allow_cpu(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def _optimization(value: object) -> str:
    if not isinstance(value, str) or value not in _LEVELS:
        raise ValueError(f"one of {', '.join(_LEVELS)}")
    return value


def _custom_ops(value: object) -> tuple[Path, ...]:
    if isinstance(value, (str, Path)):
        value = [value]
    if not isinstance(value, Sequence):
        raise ValueError("a list of paths of libraries with custom operators")
    return tuple(map(_custom_op_library, value))


def _custom_op_library(value: object) -> Path:
    return read_library_path(
        value,
        "library of custom operators",
        "the option 'custom_ops' of onnx takes the paths of such libraries",
    )


def _session_options(value: object) -> dict[str, str]:
    settings = text_mapping(value, "a mapping from names to text, numbers or booleans")
    for name in _SET_BY_BACKEND & settings.keys():
        raise InvalidInputError(
            f"the option 'session_options' of onnx has {name}, which the backend sets by itself; "
            "leave it out"
        )
    return settings


_READERS: dict[str, Callable[[Any], Any]] = {
    "providers": read_providers,
    "allow_cpu": _allow_cpu,
    "num_threads": read_thread_count,
    "optimization": _optimization,
    "input_shapes": read_input_shapes,
    "custom_ops": _custom_ops,
    "session_options": _session_options,
}
