"""What an export is, cheaply: by the stamps of its files, and only if those are new by content."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from zlib import crc32

from msgspec import Struct

from ei_runner_core import BuildError

__all__ = ["Stamp", "Stamps", "checksum", "digest_file", "digest_text", "scan", "settled"]

Stamp = tuple[int, int, int]
"""Size, time of modification and of change of a file, both in ns."""

MAX_FILES = 100_000
_FINE_CLOCK = 50_000_000  # ns; the coarsest tick of file systems that keep fractions of a second
_COARSE_CLOCK = 2_000_000_000  # ns; of those that keep whole seconds, or every second one


class Stamps(Struct, frozen=True):
    """The files below some folders by name, and what tells that one has changed."""

    files: Mapping[str, Stamp]

    def digest(self) -> str:
        """Changes whenever a file is added, removed or written to."""
        return digest_text(repr(sorted(self.files.items())))


def scan(folders: Mapping[str, Path]) -> Stamps:
    """Look at all files below some folders, without reading them.

    Args:
        folders: where each is, by the prefix that the names of its files get.

    Raises:
        BuildError: one cannot be listed, or holds far too many files.
    """
    found: dict[str, Stamp] = {}
    for prefix, folder in folders.items():
        for name, entry in _walk(prefix, str(folder)):
            stamp = entry.stat()
            found[name] = (stamp.st_size, stamp.st_mtime_ns, stamp.st_ctime_ns)
    return Stamps(found)


def _walk(prefix: str, top: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    folders, seen = [(prefix, top)], 0
    while folders:
        parent, folder = folders.pop()
        entries = _listed(folder)
        seen += len(entries)
        if seen > MAX_FILES:
            raise BuildError(
                f"{top} holds more than {MAX_FILES} files, which no export does; name the folder "
                "of the export itself"
            )
        for entry in entries:
            name = f"{parent}/{entry.name}"
            if entry.is_file():  # neither a pipe nor a link to nowhere
                yield name, entry
            elif entry.is_dir() and not (entry.is_symlink() and _leads_up(entry.path)):
                folders.append((name, entry.path))


def _listed(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError as error:
        raise BuildError(f"cannot list {folder}: {error.strerror}") from error


def _leads_up(link: str) -> bool:
    target = os.path.join(os.path.realpath(link), "")  # noqa: PTH118 - hot path
    parent = os.path.realpath(os.path.dirname(link))  # noqa: PTH120
    return os.path.join(parent, "").startswith(target)  # noqa: PTH118


def settled(stamps: Iterable[Stamp], moment: int) -> bool:
    """Whether a change after a moment would have been seen in the stamps.

    A file that was written just before may be written again without a new stamp, because the
    clocks of file systems tick slowly.

    Args:
        stamps: of each file, as :func:`scan` gives them.
        moment: when the contents were first read, in ns since the epoch.
    """
    return all(
        changed + (_FINE_CLOCK if changed % 1_000_000_000 else _COARSE_CLOCK) < moment
        for _, _, changed in stamps
    )


def now() -> int:
    """The time, in ns since the epoch, to compare with stamps."""
    return time.time_ns()


def digest_file(path: str | os.PathLike[str]) -> str:
    """The SHA-256 of a file's content, in hex."""
    import hashlib  # on first use: a model that was built before is opened without it

    found = hashlib.sha256()
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - thousands of them
        while block := file.read(1 << 20):
            found.update(block)
    return found.hexdigest()


def checksum(path: str | os.PathLike[str]) -> int:
    """The CRC-32 of a file's content: enough to see damage, and there in a moment."""
    found = 0
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - hot path
        while block := file.read(1 << 20):
            found = crc32(block, found)
    return found


def digest_text(*parts: str) -> str:
    """A digest of texts, of 40 hex digits; where one ends and the next begins matters."""
    import hashlib

    found = hashlib.sha256()
    for part in parts:
        content = part.encode("utf-8", "surrogateescape")
        found.update(b"%d:" % len(content))
        found.update(content)
    return found.hexdigest()[:40]
