"""What a folder of samples holds, and how files get into it."""

from __future__ import annotations

import os
from collections import defaultdict
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from ..errors import IngestionError, InvalidInputError

if TYPE_CHECKING:
    from filelock import BaseFileLock

__all__ = ["KeptSamples", "check_file_name", "check_folder", "keep_file", "only_writer"]

_LONGEST = 200  # bytes; leaves room for what tells equal names apart
_LOCK = ".ei-runner.lock"
_INFO = "info.labels"


def only_writer(folder: Path) -> BaseFileLock:
    """Make a folder that is this process's alone to write to, until the lock is released.

    Raises:
        IngestionError: it cannot be made, holds other things, or another process writes to it.
    """
    import filelock

    from ..ingestion.datasets import write_info_labels

    lock = filelock.FileLock(folder / _LOCK, timeout=0)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
        check_folder(folder)
        if not (folder / _INFO).exists():
            write_info_labels(folder, ())
    except filelock.Timeout:
        raise IngestionError(
            f"another process writes to {folder}: wait for it, or name another folder"
        ) from None
    except OSError as error:
        lock.release()
        raise IngestionError(
            f"cannot use the folder {folder}: {error.strerror or error}; name another one"
        ) from error
    except BaseException:
        lock.release()
        raise
    return lock


def check_folder(folder: Path) -> None:
    """Refuse a folder with other things: beside an ``info.labels`` they would not be found again.

    Raises:
        IngestionError: it holds files but no ``info.labels``.
        OSError: it cannot be read.
    """
    if (folder / _INFO).exists() or not folder.exists():
        return
    stranger = next((path for path in sorted(folder.iterdir()) if path.name[0] != "."), None)
    if stranger is not None:
        raise IngestionError(
            f"{folder} holds {stranger.name} but no {_INFO}, so local-folder did not make it: name "
            "an empty folder"
        )


class KeptSamples:
    """The samples of a folder: contents are compared only where the sizes are equal.

    Raises:
        InvalidInputError: the folder's ``info.labels`` is damaged.
    """

    def __init__(self, folder: Path) -> None:
        from ..ingestion.datasets.info_labels import read_info_labels

        self._by_size: dict[int, list[Path]] = defaultdict(list)
        self._digests: dict[Path, bytes] = {}
        file = folder / _INFO
        for sample in read_info_labels(file) if file.exists() else ():
            if sample.path is not None:
                self._by_size[sample.path.stat().st_size].append(sample.path)

    def holds(self, content: bytes) -> bool:
        """Whether there is a sample with this content."""
        rivals = self._by_size.get(len(content))
        if not rivals:
            return False
        wanted = sha256(content).digest()
        return any(self._digest(path) == wanted for path in rivals)

    def add(self, path: Path, content: bytes) -> None:
        """Count a file among the samples."""
        self._by_size[len(content)].append(path)

    def _digest(self, path: Path) -> bytes:
        if path not in self._digests:
            try:
                self._digests[path] = sha256(path.read_bytes()).digest()
            except OSError:  # it has gone
                return b""
        return self._digests[path]


def check_file_name(name: str) -> None:
    """Refuse what is not the name of one file.

    Raises:
        InvalidInputError: it is a path, or nothing that a file can be called.
    """
    if (
        not name
        or name.startswith(".")
        or any(mark in name for mark in "/\\\0")
        or len(name.encode(errors="replace")) > _LONGEST
        or not _is_text(name)
    ):
        raise InvalidInputError(
            f"the sample cannot be kept under the name {name!r}: expected the name of a file, "
            f"without folders, not hidden, at most {_LONGEST} bytes of UTF-8"
        )


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def keep_file(folder: Path, name: str, content: bytes) -> Path:
    """Write a file as a whole, under its name or, where that is taken, one made of it.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = _free(folder / name, content)
    temporary = folder / ".part"  # there is one writer: what a killed one left is overwritten
    try:
        temporary.write_bytes(content)
        os.replace(temporary, path)  # noqa: PTH105 - names the right file in its errors
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return path


def _free(path: Path, content: bytes) -> Path:
    """A path that is not taken: two samples may have one name."""
    if not path.exists() or _holds(path, content):
        return path
    name = PurePosixPath(path.name)
    digest = sha256(content).hexdigest()[:16]
    other = path.with_name(f"{name.stem}.{digest}{name.suffix}")
    number = 2
    while other.exists():
        other = path.with_name(f"{name.stem}.{digest}.{number}{name.suffix}")
        number += 1
    return other


def _holds(path: Path, content: bytes) -> bool:
    """Whether a file has this content already: that of an equal sample, or of a killed process."""
    return path.stat().st_size == len(content) and path.read_bytes() == content
