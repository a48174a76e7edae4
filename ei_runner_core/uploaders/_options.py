"""Readers for the options of the built-in uploaders; on the command line they come as texts."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InvalidInputError

if TYPE_CHECKING:
    from .._http import Secret

__all__ = ["place_of", "read_key", "read_path", "read_project", "read_switch"]

_WORDS = {"1": True, "true": True, "yes": True, "on": True}
_WORDS |= {"0": False, "false": False, "no": False, "off": False}


def place_of(place: str, *, is_dry: bool) -> str:
    """What a journal calls a place: what a dry run has done is not done."""
    return f"{place} (dry run)" if is_dry else place


def read_switch(value: object) -> bool:
    """True or false, also as a word."""
    word = str(value).lower()
    if word not in _WORDS:
        raise ValueError("true or false")
    return _WORDS[word]


def read_path(value: object) -> Path:
    """The path of a folder or file."""
    if not isinstance(value, (str, os.PathLike)) or not os.fspath(value):
        raise ValueError("a path")
    return Path(os.fspath(value)).expanduser()


def read_project(value: Any) -> int:
    """The id of a project."""
    from ..credentials import project_id_of

    return project_id_of(value, "the option project")


def read_key(value: object) -> str | Secret:
    """An API key, which no message shows."""
    from .._http import Secret

    if not isinstance(value, (str, Secret)):
        raise InvalidInputError(f"the option api_key is a {type(value).__name__}, expected a text")
    return value
