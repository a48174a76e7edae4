"""What a download tells while it works."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec

__all__ = ["OnProgress", "Progress", "say_nothing"]


class Progress(msgspec.Struct, frozen=True):
    """One step of a download.

    ``stage`` is ``"build"`` (Studio builds), ``"log"`` (``message`` is a line of the log of its
    build job), ``"download"`` (``done`` bytes are there, of ``total`` if that is known) or
    ``"unpack"`` (the file is checked and made ready).
    """

    stage: Literal["build", "log", "download", "unpack"]
    message: str = ""
    done: int = 0
    total: int | None = None


OnProgress = Callable[[Progress], None]


def say_nothing(_progress: Progress) -> None:
    """Pass over a step."""
