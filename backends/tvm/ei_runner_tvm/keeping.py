"""Writing what is compiled: what is said where there is no room for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ei_runner_core import InvalidInputError
from ei_runner_core.authoring import one_line

from .library import CACHE_VARIABLE

__all__ = ["kept_in"]


@contextmanager
def kept_in(folder: Path, name: str) -> Iterator[None]:
    """Read or write in a folder of the cache.

    Raises:
        InvalidInputError: that is not possible.
    """
    try:
        yield
    except OSError as error:
        raise InvalidInputError(
            f"the compiled {name} cannot be kept in {folder.parent}: {one_line(error)}; make room "
            f"there, or set {CACHE_VARIABLE} to another folder"
        ) from error
