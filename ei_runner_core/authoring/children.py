"""Processes that a backend starts: with which Python, and how they ended."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable, Mapping

__all__ = ["SIGNAL_HINTS", "how_it_ended", "own_interpreter", "python_command", "signal_name"]

_INTERPRETERS = ("python", "pypy")
_FLAGS = {
    "ignore_environment": "-E",
    "no_user_site": "-s",
    "no_site": "-S",
    "safe_path": "-P",
    "dont_write_bytecode": "-B",
}
"""What decides what Python looks at when it starts, by its name in ``sys.flags``."""

SIGNAL_HINTS: Mapping[str, str] = {
    "SIGILL": "this processor lacks an instruction that it was built with",
    "SIGKILL": "somebody killed it, perhaps the system because memory ran out",
}
"""What it means that a process was ended by a signal, where it means the same for all."""


def own_interpreter() -> str:
    """The Python that runs this process, to start another one with.

    A frozen program, or one that embeds Python, has none: what it calls ``sys.executable`` is the
    program, which would only run itself once more.

    Raises:
        FileNotFoundError: there is none. Who catches it says what to do instead.
    """
    path = sys.executable or ""
    # a link to an interpreter may have any name
    names = [os.path.basename(text).lower() for text in (path, os.path.realpath(path))]  # noqa: PTH119
    is_python = any(name.startswith(_INTERPRETERS) for name in names)
    if not path or getattr(sys, "frozen", False) or not is_python:
        raise FileNotFoundError("this program has no Python interpreter of its own")
    return path


def python_command(module: str, *arguments: str) -> list[str]:
    """A command that calls the function ``main`` of a module in another process.

    What can be imported here can be there, from the same folders, and what this interpreter was
    told to ignore is ignored there. With ``python -m`` a file in the working directory could take
    the place of a module.

    Args:
        module: its full name.
        arguments: what ``main`` finds in ``sys.argv``, behind the first entry.

    Raises:
        FileNotFoundError: this program has no Python interpreter of its own.
    """
    behind = len(arguments) + 1
    code = (
        f"import sys; sys.path[:] = sys.argv[{behind}:]; del sys.argv[{behind}:]; "
        f"from {module} import main; main()"
    )
    flags = [option for name, option in _FLAGS.items() if getattr(sys.flags, name, False)]
    entries: Iterable[object] = sys.path
    paths = [entry for entry in entries if isinstance(entry, str)]  # Python ignores all else
    return [own_interpreter(), *flags, "-c", code, *arguments, *paths]


def how_it_ended(code: int | None, hints: Mapping[str, str] = SIGNAL_HINTS) -> str:
    """A clause that says how a process ended, such as "has ended with the exit code 3".

    Args:
        code: as ``subprocess.Popen.returncode`` has it: below zero is the number of a signal,
            ``None`` stands for a process that has not ended.
        hints: what signals mean, by name.
    """
    if code is None:
        return "has not ended"
    if code >= 0:
        return f"has ended with the exit code {code}"
    name = signal_name(-code)
    hint = f" ({hints[name]})" if name in hints else ""
    return f"was ended by the signal {name or -code}{hint}"


def signal_name(number: int) -> str:
    """What a signal is called, such as SIGKILL; empty for a number that has no name here."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return ""
