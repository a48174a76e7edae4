"""What an API key looks like, and reading one from a file."""

from __future__ import annotations

import os
from pathlib import Path

from .._http.secrets import Secret
from .._text import printable
from ..errors import InvalidInputError

__all__ = ["api_key_of", "read_key_file"]

PREFIX = "ei_"
LARGEST_FILE = 4096


def api_key_of(text: str, source: str) -> Secret:
    """An API key, once its form is checked; the message does not show it.

    Args:
        text: the key; white space around it is dropped.
        source: where it comes from, the subject of the message.

    Raises:
        InvalidInputError: it is none.
    """
    key = text.strip()
    if not key:
        raise InvalidInputError(f"{source} is empty, {_expected()}")
    if not key.startswith(PREFIX) or not key.isascii() or not key.isprintable() or " " in key:
        raise InvalidInputError(f"{source} is no API key, {_expected()}")
    return Secret(key)


def _expected() -> str:
    return f'expected one that begins with "{PREFIX}"; copy it from Studio: Dashboard, Keys'


def read_key_file(path: str | os.PathLike[str]) -> Secret:
    """The API key that is the only content of a file.

    Raises:
        InvalidInputError: the file cannot be read or holds something else.
    """
    name = printable(os.fspath(path))
    try:
        with Path(path).open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise InvalidInputError(
            f"the API key file {name} cannot be read: {error.strerror or error}"
        ) from None
    if len(content) > LARGEST_FILE:
        raise InvalidInputError(f"the API key file {name} is too large, expected just the key")
    text = content.decode("utf-8-sig", errors="replace")
    return api_key_of(text, f"the content of the API key file {name}")
