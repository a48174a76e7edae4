"""The options of the backend: checked once, before anything is loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ei_runner_core import InvalidInputError
from ei_runner_core.authoring import read_boolean, read_options, read_seconds

from .compile_options import COMPILE_READERS, CompileOptions
from .messages import reason

__all__ = ["Options"]

_COMPILE_TIMEOUT = 600.0  # s


@dataclass(frozen=True)
class Options:
    """How a network is opened, and compiled where that is needed.

    ``runtime``: TVM's runtime library, or a folder with it.
    ``of_compiler``: the options that were given for compiling: fields of ``CompileOptions``,
    ``compile_timeout`` and ``self_check``.
    """

    runtime: Path | None = None
    of_compiler: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def parse(cls, options: Mapping[str, Any]) -> Options:
        """Check what the user passed; None stands for the default of every option.

        Raises:
            InvalidInputError: an option is unknown or has a wrong value.
        """
        values = read_options("tvm", options, _READERS)
        return cls(values.pop("runtime", None), values)

    def compiling(self, march: str) -> CompileOptions:
        """How to compile: for this kind of processor, unless another one was asked for."""
        given = self.of_compiler.items()
        chosen = {name: value for name, value in given if name in COMPILE_READERS}
        return CompileOptions(**{"march": march, **chosen})

    @property
    def compile_timeout(self) -> float:
        """The seconds that compiling may take."""
        seconds: float = self.of_compiler.get("compile_timeout", _COMPILE_TIMEOUT)
        return seconds

    @property
    def self_check(self) -> bool:
        """Whether answers are compared with those of another engine when a network is compiled."""
        wanted: bool = self.of_compiler.get("self_check", True)
        return wanted

    def check_unused(self, name: str) -> None:
        """Refuse options for compiling with a network that is compiled already.

        Raises:
            InvalidInputError: there is one.
        """
        for option in self.of_compiler:
            raise InvalidInputError(
                f"the option {option!r} of tvm tells how to compile, and {name} is compiled: leave "
                "it out, or compile the network again with it"
            )


def _runtime(value: object) -> Path:
    if not isinstance(value, (str, Path)) or not str(value) or "\0" in str(value):
        raise ValueError("the path of TVM's runtime library, or of a folder with it")
    try:
        path = Path(value).expanduser().absolute()
        path.exists()  # which raises if it is too long
    except (OSError, RuntimeError, ValueError) as error:  # or of an unknown user, or no text
        why = getattr(error, "strerror", None) or reason(error)
        raise ValueError(f"a path that can be: {why}") from error
    return path


_READERS: dict[str, Callable[[Any], Any]] = {
    "runtime": _runtime,
    "compile_timeout": read_seconds,
    "self_check": read_boolean,
    **COMPILE_READERS,
}
