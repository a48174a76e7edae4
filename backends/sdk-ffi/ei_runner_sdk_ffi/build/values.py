"""How the value of a build option is read, from Python, from a command line or the environment."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["path", "positive", "seconds", "switch", "text"]

_SWITCHES = {
    **dict.fromkeys(("1", "true", "yes", "on"), True),
    **dict.fromkeys(("0", "false", "no", "off", ""), False),
}
_MOST_JOBS = 1024


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
    return str(value).strip()


def path(value: object) -> Path:
    """A path, made absolute: the compilers run in the folder of the export."""
    if not isinstance(value, (str, os.PathLike)) or not os.fspath(value):
        raise ValueError("a path")
    return Path(os.path.abspath(Path(os.fspath(value)).expanduser()))  # noqa: PTH100 - keeps links


def positive(value: object) -> int:
    """A number of jobs."""
    number = int(value) if isinstance(value, (int, str)) and str(value).isdecimal() else 0
    if isinstance(value, bool) or not 1 <= number <= _MOST_JOBS:
        raise ValueError(f"a number from 1 to {_MOST_JOBS}")
    return number


def seconds(value: object) -> float:
    """A time in seconds."""
    try:
        number = float(value) if isinstance(value, (int, float, str)) else 0.0
    except ValueError:
        number = 0.0
    if isinstance(value, bool) or not 0 < number < float("inf"):
        raise ValueError("a time in seconds above 0")
    return number
