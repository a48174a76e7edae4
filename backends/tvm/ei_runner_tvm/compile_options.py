"""How a network is compiled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct, field

from ei_runner_core.authoring import read_input_shapes

__all__ = ["COMPILE_READERS", "NATIVE", "PORTABLE", "CompileOptions"]

PORTABLE, NATIVE = "portable", "native"
_MOST_OPTIMIZATION = 3
_LONGEST_NAME, _LONGEST_COMMAND = 100, 10_000


class CompileOptions(Struct, frozen=True):
    """How a network is compiled.

    ``input_shapes``: for networks with dynamic dimensions, the shapes of inputs by name.
    ``optimization``: 0 compiles the operators one by one, 1 joins those that follow each other, 2
    orders the loops of sums for vectors, 3 changes the layout of convolutions for that too.
    ``march``: ``"portable"`` for every processor of the platform, ``"native"`` for this machine's,
    or LLVM's name of one, such as ``"cortex-a72"``.
    ``cc``: the command that links; else the variable ``CXX`` or what is installed.
    """

    input_shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    optimization: int = _MOST_OPTIMIZATION
    march: str = PORTABLE
    cc: str = ""


def _read_optimization(value: object) -> int:
    if type(value) is not int or not 0 <= value <= _MOST_OPTIMIZATION:
        raise ValueError(f"a number from 0 to {_MOST_OPTIMIZATION}")
    return value


def _read_march(value: object) -> str:
    letters = value.replace("-", "").replace(".", "") if isinstance(value, str) else ""
    if not isinstance(value, str) or len(value) > _LONGEST_NAME or not letters.isalnum():
        raise ValueError(f"{PORTABLE!r}, {NATIVE!r} or LLVM's name of a processor")
    return value


def _read_command(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise ValueError("a command such as 'clang++'")
    if len(value) > _LONGEST_COMMAND:
        raise ValueError(f"a command such as 'clang++', of at most {_LONGEST_COMMAND} characters")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise ValueError("a command such as 'clang++', with names that can be written in UTF-8")
    return value


COMPILE_READERS: dict[str, Callable[[Any], Any]] = {
    "input_shapes": read_input_shapes,
    "optimization": _read_optimization,
    "march": _read_march,
    "cc": _read_command,
}
"""For each option a reader, as :func:`ei_runner_core.authoring.read_options` takes them."""
