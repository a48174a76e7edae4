"""Walking through a folder: every directory once, whatever links there are."""

from __future__ import annotations

import os
import stat
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

from ...errors import InvalidInputError
from .documents import shown

__all__ = ["SAMPLE_SUFFIXES", "suffix_of", "walk"]

SAMPLE_SUFFIXES = frozenset(
    (
        *(".wav", ".cbor", ".json", ".jpg", ".jpeg", ".png", ".csv", ".txt", ".mp4", ".avi"),
        ".parquet",
    )
)
"""The endings of files that Edge Impulse takes, in small letters."""

_HIDDEN = frozenset(("thumbs.db", "desktop.ini", "__macosx"))


def suffix_of(name: str) -> str:
    """The ending of a file's name with its dot, in small letters."""
    return os.path.splitext(name)[1].lower()  # noqa: PTH122 - a Path for each is slow


def walk(root: Path, on_skipped: Callable[[Path, str], object]) -> Iterator[str]:
    """The regular files below a folder but hidden ones, as paths from there with slashes.

    Links to folders are followed after everything else, and none to a folder that was seen
    already: no file is found twice, and links in a circle come to an end.

    Raises:
        InvalidInputError: a folder cannot be read, a name is no UTF-8, or what is called like a
            sample is no file.
    """
    seen: set[tuple[int, int]] = set()
    folders, links = deque([""]), deque[str]()
    while folders or links:
        folder = folders.popleft() if folders else links.popleft()
        path = root / folder
        if _is_new(path, seen):
            for entry in _entries(path):
                name = f"{folder}{entry.name}"
                if _holds(entry.is_dir):
                    (links if entry.is_symlink() else folders).append(f"{name}/")
                elif _holds(entry.is_file):
                    yield name
                else:
                    _leave_out(root / name, on_skipped)
        else:
            on_skipped(path, "it is a link to a folder that was read already")


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """What is in a folder and not hidden, by name."""
    try:
        with os.scandir(folder) as entries:
            found = [entry for entry in entries if not _is_hidden(entry.name)]
    except OSError as error:
        raise _unreadable(folder, error) from error
    for entry in found:
        _check_name(entry)
    return sorted(found, key=lambda entry: entry.name)


def _check_name(entry: os.DirEntry[str]) -> None:
    try:
        entry.name.encode()
    except UnicodeEncodeError:
        raise InvalidInputError(
            f"the name of {shown(Path(entry.path))} is no UTF-8; rename it"
        ) from None


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name.lower() in _HIDDEN


def _holds(test: Callable[[], bool]) -> bool:
    try:
        return test()
    except OSError:  # a link to itself
        return False


def _is_new(folder: Path, seen: set[tuple[int, int]]) -> bool:
    try:
        status = folder.stat()
    except OSError as error:
        raise _unreadable(folder, error) from error
    key = status.st_dev, status.st_ino
    is_new = key not in seen
    seen.add(key)
    return is_new


def _unreadable(folder: Path, error: OSError) -> InvalidInputError:
    return InvalidInputError(
        f"cannot read the folder {shown(folder)}: {error.strerror or error}; "
        "mend its permissions or move it away"
    )


def _leave_out(path: Path, on_skipped: Callable[[Path, str], object]) -> None:
    """What is neither a file nor a folder is left out, but not silently if it seems a sample."""
    is_link = stat.S_ISLNK(path.lstat().st_mode)
    what = "a link that leads nowhere" if is_link else "no regular file"
    if suffix_of(path.name) in SAMPLE_SUFFIXES:
        raise InvalidInputError(f"{shown(path)} is {what}; mend it or move it away")
    on_skipped(path, f"it is {what}")
