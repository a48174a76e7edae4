"""How problems are told: one line on stderr, one exit code."""

from __future__ import annotations

import sys
from contextlib import suppress

from .._text import one_line
from ..errors import DeadlineError, InferenceError, ProcessDiedError

__all__ = [
    "BROKEN_PIPE",
    "FAILED",
    "INTERRUPTED",
    "OK",
    "USAGE",
    "complain",
    "exit_code",
]

OK = 0
FAILED = 1
USAGE = 2
INTERRUPTED = 130
BROKEN_PIPE = 141


def complain(message: str) -> None:
    """Write one line to stderr.

    Not with ``click.echo``, which writes past a progress bar into its line.
    """
    with suppress(AttributeError, OSError):  # stderr is closed or full: the exit code must do
        sys.stderr.write(f"ei-runner: error: {one_line(message)}\n")
        sys.stderr.flush()


def exit_code(error: Exception) -> int:
    """1 if an inference failed, 2 if what was handed in is wrong."""
    failed = isinstance(error, (InferenceError, DeadlineError, ProcessDiedError))
    return FAILED if failed else USAGE
