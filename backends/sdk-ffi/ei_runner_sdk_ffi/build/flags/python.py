"""A Python interpreter inside of a library, as its ``python3-config`` describes it."""

from __future__ import annotations

import shlex
from pathlib import Path

from ..probes import answer_of
from .parts import Context, Need, Part

__all__ = ["embedded_python"]

_WHY = (
    "it tells how Python is embedded; install Python's headers, such as with "
    "apt install python3-dev, and name another Python with PYTHON_CROSS_PATH"
)


def embedded_python(context: Context) -> tuple[Part, ...]:
    """Headers and libraries of the interpreter that ``PYTHON_CROSS_PATH`` chooses."""
    program = f"{context.options.python_cross_path or ''}python3-config"
    return (Part(defines=("-DPYBIND11_DETAILED_ERROR_MESSAGES",)), _flags_from(program))


def _flags_from(program: str) -> Part:
    compiling = answer_of((program, "--cflags"))
    linking = answer_of((program, "--ldflags", "--embed"))
    if compiling is None or linking is None:
        placeholders = f"$({program} --cflags)", f"$({program} --ldflags --embed)"
        needs = (Need(Path(program), _WHY),)
        return Part(includes=placeholders[:1], link=placeholders[1:], needs=needs)
    words = list(dict.fromkeys(shlex.split(compiling)))
    return Part(
        # The other flags say how Python itself was optimised.
        defines=tuple(word for word in words if word.startswith("-D") and word != "-DNDEBUG"),
        includes=tuple(word for word in words if word.startswith("-I")),
        link=tuple(shlex.split(linking)),
    )
