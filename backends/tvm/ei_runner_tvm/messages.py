"""Texts from files and from TVM, as far as they suit a message."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from ei_runner_core.authoring import one_line

__all__ = ["counted", "last_lines", "reason", "shortened"]

_LONGEST = 600
_MOST_NAMES = 20


def shortened(text: str, length: int = _LONGEST) -> str:
    """A text that can be printed, cut off behind so many characters."""
    text = _printable(text)
    return text if len(text) <= length else f"{text[:length]}..."


def reason(error: BaseException) -> str:
    """What an error says, in one line; never empty."""
    text = one_line(error).strip(" .;")
    return shortened(f"{type(error).__name__}: {text}" if isinstance(error, KeyError) else text)


def last_lines(output: bytes, count: int) -> str:
    """The last lines of what a program printed, as one that can be printed."""
    lines = filter(None, map(str.strip, output.decode(errors="replace").splitlines()))
    text = _printable(" | ".join([*lines][-count:]))
    return text if len(text) <= _LONGEST else f"...{text[-_LONGEST:]}"


def counted(names: Iterable[str]) -> str:
    """Names with how often each is there, such as ``Loop (2), Scan (1)``, in alphabetical order."""
    counts = sorted(Counter(names).items())
    shown = ", ".join(f"{shortened(name, 80)} ({count})" for name, count in counts[:_MOST_NAMES])
    return f"{shown} and {len(counts) - _MOST_NAMES} others" if counts[_MOST_NAMES:] else shown


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)
