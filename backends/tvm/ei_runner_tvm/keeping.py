"""Writing what is compiled: what is said where there is no room for it."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ei_runner_core import InvalidInputError
from ei_runner_core.authoring import one_line

from .library import CACHE_VARIABLE

__all__ = ["folder_problem", "kept_in"]

_FULL = 1 << 16  # bytes; no linker gets far with that
_NO_ROOM = [os.strerror(code) for code in (errno.ENOSPC, errno.EDQUOT)]


@contextmanager
def kept_in(folder: Path, name: str) -> Iterator[None]:
    """Read or write in a folder of the cache.

    Raises:
        InvalidInputError: that is not possible.
    """
    try:
        yield
    except FileNotFoundError as error:
        raise _gone(folder, name) from error
    except OSError as error:
        raise _not_kept(folder, name, one_line(error), "make room there") from error


def folder_problem(folder: Path, name: str, said: str) -> InvalidInputError | None:
    """What a failure in a folder of the cache means, if the folder is gone or its disk is full.

    Args:
        folder: where something failed.
        name: of the network.
        said: what was said of the failure.
    """
    try:
        disk = os.statvfs(folder)
    except FileNotFoundError:
        return _gone(folder, name)
    is_full = disk.f_blocks and disk.f_bavail * disk.f_frsize < _FULL
    reasons = [text for text in _NO_ROOM if text in said] or _NO_ROOM[: bool(is_full)]
    return _not_kept(folder, name, reasons[0], "make room there") if reasons else None


def _gone(folder: Path, name: str) -> InvalidInputError:
    return _not_kept(folder, name, "a folder in it has been removed", "compile it again")


def _not_kept(folder: Path, name: str, reason: str, remedy: str) -> InvalidInputError:
    return InvalidInputError(
        f"the compiled {name} cannot be kept in {folder.parent}: {reason}; {remedy}, or set "
        f"{CACHE_VARIABLE} to another folder"
    )
