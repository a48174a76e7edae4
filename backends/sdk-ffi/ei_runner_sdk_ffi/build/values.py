"""How the value of a build option is read, from Python, from a command line or the environment."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from ei_runner_core.authoring import read_seconds

__all__ = ["path", "positive", "seconds", "switch", "text", "words"]

_SWITCHES = {
    **dict.fromkeys(("1", "true", "yes", "on"), True),
    **dict.fromkeys(("0", "false", "no", "off", ""), False),
}
_MOST_JOBS = 1024
_DIGITS = 4


def switch(value: object) -> bool:
    """On or off: true or false, 1 or 0, yes or no, on or off."""
    known = _SWITCHES.get(str(value).strip().lower()) if isinstance(value, (str, int)) else None
    if known is None:
        raise ValueError("1 or 0, true or false, yes or no, on or off")
    return known


def text(value: object) -> str:
    """A piece of text; numbers such as a version are taken as they are written."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError("text")
    return _argument(str(value).strip())


def words(value: object) -> str:
    """A piece of text that a shell would take apart into words."""
    found = text(value)
    if Path(found).exists():  # the path of a compiler
        return found
    try:
        shlex.split(found)
    except ValueError as error:
        raise ValueError(f"words as in a shell ({error})") from None
    return found


def path(value: object) -> Path:
    """A path, made absolute: the compilers run in the folder of the export."""
    if not isinstance(value, (str, os.PathLike)) or not os.fspath(value):
        raise ValueError("a path")
    _argument(str(value))
    return Path(os.path.abspath(Path(os.fspath(value)).expanduser()))  # noqa: PTH100 - keeps links


def positive(value: object) -> int:
    """A number of jobs."""
    number = value if isinstance(value, int) else _small_number(value)
    if isinstance(value, bool) or not 1 <= number <= _MOST_JOBS:
        raise ValueError(f"a number from 1 to {_MOST_JOBS}")
    return number


def seconds(value: object) -> float:
    """A time in seconds, also as text."""
    try:
        return read_seconds(float(value) if isinstance(value, str) else value)
    except ValueError:
        raise ValueError("a number of seconds above 0 and at most a week") from None


def _small_number(value: object) -> int:
    is_number = isinstance(value, str) and value.isdecimal() and len(value) <= _DIGITS
    return int(str(value)) if is_number else 0


def _argument(value: str) -> str:
    """What can be an argument of a program."""
    try:
        value.encode(errors="surrogateescape")
    except UnicodeEncodeError:
        raise ValueError("text that can be encoded") from None
    if "\0" in value:
        raise ValueError("text without a NUL byte")
    return value
