"""Why a program has ended, as far as its last words and its exit status tell."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from ei_runner_core.authoring.children import SIGNAL_HINTS, how_it_ended, signal_name
from ei_runner_core.authoring.native_files import explain_loading

__all__ = ["explain", "said"]

_LONGEST_SAID = 800
_LONGEST_LINE = 300
_SIGNALS = {
    **SIGNAL_HINTS,
    "SIGSEGV": "it crashed",
    "SIGBUS": "it crashed; perhaps shared memory is full, see df /dev/shm",
    "SIGFPE": "it crashed in a computation",
    "SIGABRT": "it gave up by itself",
    "SIGINT": "somebody stopped it",
    "SIGTERM": "somebody stopped it",
    "SIGHUP": "somebody stopped it",
}
_EXIT_CODES = {
    126: "it, or something that it starts, may not be executed or is for another processor",
    127: "a shared library or a program that it needs was not found",
}
_ROUTINE = re.compile(r"Edge Impulse Linux impulse runner - |Waiting for connection on |Connected$")


def explain(status: tuple[str, int] | None, lines: Sequence[str]) -> str:
    """A clause that says how a program ended, what it said last, and what may help.

    Args:
        status: ("exited", code) or ("signal", number); None while it has not ended.
        lines: the last lines of its output.
    """
    hint = _hint_of_output("\n".join(lines)) or _hint_of_status(status)
    return _how(status) + (f" ({hint})" if hint else "") + said(lines)


def said(lines: Sequence[str]) -> str:
    """A clause with the last lines of the output, as many as fit; empty without any."""
    chosen: list[str] = []
    room = _LONGEST_SAID
    for line in reversed([line for line in lines if not _ROUTINE.match(line)]):
        text = " ".join("".join(c if c.isprintable() else " " for c in line).split())
        text = text if len(text) <= _LONGEST_LINE else f"{text[:_LONGEST_LINE]}..."
        room -= len(text) + 3
        if chosen and room < 0:
            break
        chosen.insert(0, text)
    return f"; its last output: {' | '.join(chosen)}" if chosen else ""


def _how(status: tuple[str, int] | None) -> str:
    if status is None:
        return "has closed the connection, but still runs"
    kind, number = status
    return how_it_ended(-number if kind == "signal" else number, hints={})


def _hint_of_status(status: tuple[str, int] | None) -> str:
    if status is None:
        return ""
    kind, number = status
    if kind == "signal":
        return _SIGNALS.get(signal_name(number), "")
    if number in _EXIT_CODES:
        return _EXIT_CODES[number]
    # programs and shells that are stopped by a signal tell so with 128 and its number
    name = signal_name(number - 128)
    return f"as after {name}: {_SIGNALS[name]}" if name in _SIGNALS else ""


def _hint_of_output(text: str) -> str:
    if hint := explain_loading(text):
        return hint
    for pattern, explained in _HINTS:
        if found := re.search(pattern, text, re.IGNORECASE):
            return explained(*found.groups())
    return ""


def _no_python_module(module: str) -> str:
    what = "ei-runner and its backends" if module.startswith("ei_runner") else "it"
    return f"its Python lacks the module {module}: install {what} for the Python that it runs with"


def _no_command(command: str) -> str:
    return f"it starts {command}, which this machine does not have: install it"


def _no_permission() -> str:
    return "it may not use a file or a device; is this user in the group of that device?"


def _no_memory() -> str:
    return "there is not enough memory"


def _full_shared_memory() -> str:
    return "there is no room in shared memory, see df /dev/shm (in Docker: --shm-size)"


_HINTS: tuple[tuple[str, Callable[..., str]], ...] = (
    (r"No module named '?([\w.]+)", _no_python_module),
    (r"env: \W?([\w./+-]+)\W?: No such file", _no_command),
    (r"No space left on device", _full_shared_memory),
    (r"bad_alloc|cannot allocate memory|out of memory|MemoryError", _no_memory),
    (r"permission denied|operation not permitted", _no_permission),
)
