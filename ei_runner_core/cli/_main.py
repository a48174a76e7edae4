"""Running the command line so that whatever happens ends in a line and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from ..errors import EdgeImpulseError
from ._app import ei_runner
from ._problems import (
    BROKEN_PIPE,
    INTERRUPTED,
    TERMINATED,
    USAGE,
    complain,
    exit_code,
    is_output_error,
)
from ._signals import Terminated

__all__ = ["main"]

TRACEBACK_VARIABLE = "EI_RUNNER_TRACEBACK"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: what follows the name of the program; ``None`` takes ``sys.argv``.

    Returns:
        The exit code.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a character that it lacks must not end the program
            stream.reconfigure(errors="backslashreplace")
    try:
        status = ei_runner.main(arguments, prog_name="ei-runner", standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
    except Exception as error:  # noqa: BLE001 - whatever it is, users get one line
        return _report(error)
    except KeyboardInterrupt as error:
        return _interrupted(error)
    if status == BROKEN_PIPE:
        _drop_output()
    return status if isinstance(status, int) else 0


def _report(error: Exception) -> int:
    if isinstance(error, click.Abort):
        return _interrupted(error.__cause__)
    if isinstance(error, BrokenPipeError):
        _drop_output()
        return BROKEN_PIPE
    if isinstance(error, click.ClickException):
        complain(_with_help_hint(error))
        return USAGE
    if isinstance(error, EdgeImpulseError):
        complain(str(error))
        return exit_code(error)
    if isinstance(error, OSError):
        _report_os_error(error)
        _flush_or_drop()
        return USAGE
    return _report_bug(error)


def _interrupted(error: BaseException | None) -> int:
    return TERMINATED if isinstance(error, Terminated) else INTERRUPTED


def _report_os_error(error: OSError) -> None:
    if error.filename is not None:
        complain(f"{error.strerror or error}: {error.filename}")
    elif is_output_error(error):
        complain(f"{error.strerror or error}: while writing the output")
    else:
        _report_bug(error)


def _with_help_hint(error: click.ClickException) -> str:
    message = error.format_message().rstrip(".")
    context = getattr(error, "ctx", None)
    return f"{message}; see: {context.command_path} --help" if context else message


def _report_bug(error: Exception) -> int:
    if os.environ.get(TRACEBACK_VARIABLE):
        import traceback

        traceback.print_exception(error)
    hint = f"this is a bug in ei-runner or a plugin: {TRACEBACK_VARIABLE}=1 shows where"
    complain(f"{type(error).__name__}: {error}; {hint}")
    return USAGE


def _flush_or_drop() -> None:
    """Write what can still be written; Python would try again at exit, and change the exit code."""
    try:
        sys.stdout.flush()
    except OSError:
        _drop_output()


def _drop_output() -> None:
    """Keep Python from complaining at exit about output that nobody reads any more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
