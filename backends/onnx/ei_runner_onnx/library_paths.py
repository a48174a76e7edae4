"""Paths of libraries in options."""

from __future__ import annotations

from pathlib import Path

from ei_runner_core import InvalidInputError

from .failures import shortened

__all__ = ["is_text", "read_library_path"]


def is_text(value: object) -> bool:
    """Whether native code can take a value, once it is made a ``str``."""
    try:
        return bool(str(value)) and b"\0" not in str(value).encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return False


def read_library_path(value: object, what: str, hint: str) -> Path:
    """The absolute path of a library, with ``~`` replaced and links followed.

    Args:
        value: what the user passed.
        what: what kind of library it is.
        hint: what to pass, for the error of one that is not there.

    Raises:
        ValueError: it is no path; the message is what is expected.
        InvalidInputError: there is no such file.
    """
    if not isinstance(value, (str, Path)) or not is_text(value):
        raise ValueError(f"the path of a {what}")
    try:
        path = Path(value).expanduser().resolve()
        is_there = path.is_file()
    except (OSError, RuntimeError) as error:  # too long, loops of links, an unknown user
        raise InvalidInputError(
            f"{shortened(str(value))} is no path of a {what}: {shortened(str(error))}; {hint}"
        ) from error
    if not is_there:
        raise InvalidInputError(f"there is no {what} at {shortened(str(path))}; {hint}")
    return path
