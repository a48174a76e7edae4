"""How problems are told: one line on stderr, one exit code."""

from __future__ import annotations

import sys
from contextlib import suppress

from .._text import one_line
from ..errors import (
    BuildError,
    DeadlineError,
    InferenceError,
    IngestionError,
    ProcessDiedError,
    StudioError,
)

__all__ = [
    "BROKEN_PIPE",
    "FAILED",
    "INTERRUPTED",
    "OK",
    "TERMINATED",
    "USAGE",
    "complain",
    "exit_code",
    "is_output_error",
    "tell",
]

# Whose code writes to stdout.
_WRITERS = ("click.", "rich.", f"{__package__}._output", f"{__package__}._main")
_FAILURES = (
    BuildError,
    DeadlineError,
    InferenceError,
    IngestionError,
    ProcessDiedError,
    StudioError,
)
OK = 0
FAILED = 1
USAGE = 2
INTERRUPTED = 130
BROKEN_PIPE = 141
TERMINATED = 143


def complain(message: str) -> None:
    """Write a line about something that went wrong to stderr."""
    tell(f"error: {message}")


def tell(message: str) -> None:
    """Write one line to stderr.

    Not with ``click.echo``, which writes past a progress bar into its line.
    """
    with suppress(AttributeError, OSError):  # stderr is closed or full: the exit code must do
        sys.stderr.write(f"ei-runner: {one_line(message)}\n")
        sys.stderr.flush()


def is_output_error(error: OSError) -> bool:
    """Whether an error comes from writing to stdout: no other file is written without its name."""
    module = ""
    trace = error.__traceback__
    while trace is not None:  # the last one is where it was raised
        module = trace.tb_frame.f_globals.get("__name__", "")
        trace = trace.tb_next
    return module.startswith(_WRITERS)


def exit_code(error: Exception) -> int:
    """1 if something failed while it was done, 2 if what was handed in is wrong."""
    return FAILED if isinstance(error, _FAILURES) else USAGE
