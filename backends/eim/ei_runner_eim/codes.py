"""The error codes in the messages of an ``.eim``."""

from __future__ import annotations

import re

from ei_runner_core.authoring import meaning_of_code

__all__ = ["CANNOT_STREAM", "code_of", "meaning_of"]

CANNOT_STREAM = -5
_CODE = re.compile(r"error code was (-?\d+)|failed with error (-?\d+)")


def code_of(text: str) -> int | None:
    """The error code in a message of an ``.eim``, if there is one."""
    found = _CODE.search(text)
    return int(found.group(1) or found.group(2)) if found else None


def meaning_of(text: str) -> str:
    """What the code in a message means; empty if there is none, or it is not known."""
    code = code_of(text)
    return meaning_of_code(code) if code is not None else ""
