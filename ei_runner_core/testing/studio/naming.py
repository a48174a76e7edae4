"""What is made of a file's name and bytes: a label, a category, a unique name."""

from __future__ import annotations

import hashlib
import re
import time

__all__ = ["dated_name", "infer_label", "split_category"]

# As a pattern of JavaScript reads it: the dash is itself, because a class cannot bound a range.
_LABEL = re.compile(r"^[a-zA-Z0-9\s\-_]+", re.ASCII)
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def infer_label(filename: str) -> str | None:
    """The label in a file name: all up to the first other character."""
    found = _LABEL.match(filename)
    return found.group() if found else None


def split_category(content: bytes) -> str:
    """Where a sample of the category ``split`` goes, by its content alone."""
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest().lstrip("f")
    return "training" if digest[:1] in "0123456789ab" else "testing"


def dated_name(filename: str, number: int) -> str:
    """A name with an id of this moment in it, which no other sample has."""
    rest, text = int(time.time()) * 1000 + number % 1000, ""
    while rest:
        rest, digit = divmod(rest, len(_DIGITS))
        text = _DIGITS[digit] + text
    return f"{filename}.{text}"
