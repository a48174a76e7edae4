"""Text from models, files and plugins on its way to a terminal."""

from __future__ import annotations

__all__ = ["one_line", "printable"]


def printable(text: str) -> str:
    """A text without anything that a terminal would obey or that cannot be encoded."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def one_line(text: str) -> str:
    """A text as one line that can be printed."""
    return printable(" ".join(text.split()))
