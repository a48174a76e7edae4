"""The libraries that were built: found by key, looked at before they are loaded, put in whole."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from ei_runner_core import DeadlineError

from .cache import Cache
from .fingerprint import checksum, digest_file

if TYPE_CHECKING:
    import logging

    import filelock

__all__ = ["BuiltLibrary", "find_library", "keep_library", "locked"]

RECORD = "build.json"
LOG = "build.log"


class BuiltLibrary(msgspec.Struct, frozen=True):
    """A library that is ready to be loaded.

    ``seconds``: what this call took. ``compiled``: how many sources it compiled. ``libraries``
    lie beside ``path`` and have to stay there.
    """

    path: Path
    sha256: str
    was_cached: bool
    seconds: float
    compiled: int
    log: Path
    libraries: tuple[Path, ...]


def find_library(cache: Cache, key: str, started: float) -> BuiltLibrary | None:
    """The library that was built under a key, if it is whole.

    Args:
        cache: where to look.
        key: what it depends on.
        started: the moment from which ``seconds`` counts, of ``time.monotonic``.
    """
    folder = cache.libraries / key
    try:
        record = msgspec.json.decode((folder / RECORD).read_bytes())
        path = folder / record["file"]
        beside = tuple(folder / name for name in record["sizes"])
        is_whole = checksum(path) == record["crc32"] and all(
            (folder / name).stat().st_size == size for name, size in record["sizes"].items()
        )
    except FileNotFoundError:
        if not folder.is_dir():
            return None
        is_whole = False
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        is_whole = False
    if not is_whole:
        _logger().warning("the library in %s is damaged: it is built again", folder)
        return None
    with contextlib.suppress(OSError):
        os.utime(folder)  # when it was used last
    seconds = time.monotonic() - started
    return BuiltLibrary(
        path=path,
        sha256=record["sha256"],
        was_cached=True,
        seconds=seconds,
        compiled=0,
        log=folder / LOG,
        libraries=beside,
    )


def keep_library(
    cache: Cache, key: str, folder: Path, path: Path, beside: Sequence[Path], facts: dict[str, Any]
) -> str:
    """Move a folder with a new library to its place.

    Args:
        cache: where to.
        key: what it depends on.
        folder: a folder in a workplace of the cache; it holds the library and its log.
        path: the library in it.
        beside: libraries elsewhere that have to lie beside it.
        facts: what to tell about it later.

    Returns:
        The SHA-256 of the library.

    Raises:
        BuildError: there is no room.
    """
    import shutil

    with cache.writing():
        for library in beside:
            shutil.copyfile(library, folder / library.name)
    sha256 = digest_file(path)
    record = {
        **facts,
        "file": path.name,
        "sha256": sha256,
        "crc32": checksum(path),
        "sizes": {library.name: library.stat().st_size for library in beside},
        "made": time.time(),
    }
    cache.write(folder / RECORD, msgspec.json.format(msgspec.json.encode(record)))
    place = cache.folder(cache.libraries) / key
    with cache.writing():
        if place.exists():  # a damaged one; somebody may have it loaded
            place.rename(folder.with_name("damaged"))
        folder.rename(place)
    return sha256


@contextlib.contextmanager
def locked(cache: Cache, key: str, deadline: float) -> Iterator[None]:
    """Let one process at a time build under a key.

    Raises:
        DeadlineError: another one still builds at the deadline.
        BuildError: the cache is not writable.
    """
    import filelock

    lock = filelock.FileLock(cache.folder(cache.libraries) / f"{key}.lock")
    with cache.writing():
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            _logger().info("another process builds the same model: waiting for it")
            _acquire(lock, deadline)
    try:
        yield
    finally:
        lock.release()


def _acquire(lock: filelock.BaseFileLock, deadline: float) -> None:
    import filelock

    try:
        lock.acquire(timeout=max(0.0, deadline - time.monotonic()))
    except filelock.Timeout as error:
        raise DeadlineError(
            "another process was still building the same model at the deadline; wait for it, or "
            "raise build_timeout"
        ) from error


def _logger() -> logging.Logger:
    import logging  # on first use: finding a library does not need it

    return logging.getLogger(__name__)
