"""What an engine compiles, kept by the content that it was compiled from.

An entry is a folder. It appears whole or not at all, is made once for all processes, and is looked
through before it is handed out, since native code may trust the bytes in it.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import shutil
import time
import weakref
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from .._cache_folder import CACHE_VARIABLE, cache_folder
from ..errors import DeadlineError, InvalidInputError

__all__ = ["CacheEntry", "ContentCache", "content_key"]

_SEAL = "seal.json"
_UNUSED = 60 * 24 * 3600.0  # s; what nobody has opened for that long goes
_LEFT_BEHIND = 3600.0  # s; a folder in which nobody has made anything for that long
_LOG = logging.getLogger(__name__)

Sums = dict[str, tuple[int, int]]


def content_key(*parts: bytes | str) -> str:
    """A key for what these parts decide: 64 hexadecimal digits, other ones for other parts."""
    digest = hashlib.sha256()
    for part in parts:
        content = part.encode() if isinstance(part, str) else part
        digest.update(b"%d:" % len(content))
        digest.update(content)
    return digest.hexdigest()


class CacheEntry(msgspec.Struct, frozen=True):
    """A folder of the cache, and whether it was made just now."""

    folder: Path
    was_made: bool


class ContentCache:
    """The entries of one engine, below ``EI_RUNNER_CACHE`` or in the cache folder of this user.

    Args:
        name: the engine.

    Raises:
        InvalidInputError: ``EI_RUNNER_CACHE`` holds no path.
    """

    def __init__(self, name: str) -> None:
        self.root = cache_folder(name)

    def entry(
        self, key: str, make: Callable[[Path], None], *, timeout: float = 600.0
    ) -> CacheEntry:
        """The entry of a key, made where it is missing or damaged.

        Args:
            key: of :func:`content_key`.
            make: fills the folder that it is given, which is empty; what it raises is handed on,
                and nothing is kept.
            timeout: seconds to wait for another process that makes the same entry.

        Raises:
            DeadlineError: another process made it for longer than that.
            InvalidInputError: neither the cache nor a folder for temporary files can be written.
        """
        folder = self.root / key
        if _is_whole(folder):
            return CacheEntry(folder, was_made=False)
        try:
            with self._alone(key, timeout):
                if _is_whole(folder):  # another process was first
                    return CacheEntry(folder, was_made=False)
                self._sweep()
                return CacheEntry(self._make(folder, make), was_made=True)
        except _NotWritableError as error:
            _LOG.warning(
                "the cache %s cannot be written (%s): what is compiled is not kept; set %s to "
                "another folder",
                self.root, error, CACHE_VARIABLE,
            )  # fmt: skip
            return CacheEntry(_make_for_now(make), was_made=True)

    def drop(self, key: str) -> None:
        """Forget an entry, for one whose bytes are right and of no use."""
        with contextlib.suppress(OSError):
            _discard(self.root / key)

    @contextlib.contextmanager
    def _alone(self, key: str, timeout: float) -> Iterator[None]:
        import filelock

        with _writing():
            self.root.mkdir(parents=True, exist_ok=True)
            lock = filelock.FileLock(self.root / f"{key}.lock")
            try:
                lock.acquire(timeout=timeout)
            except filelock.Timeout:
                raise DeadlineError(
                    f"another process has been compiling the same network for {timeout:g} s (lock: "
                    f"{self.root / key}.lock); wait for it, or end it"
                ) from None
        try:
            yield
        finally:
            lock.release()

    def _make(self, folder: Path, make: Callable[[Path], None]) -> Path:
        growing = folder.with_name(f"{folder.name}.{os.urandom(6).hex()}.new")
        try:
            with _writing():
                growing.mkdir()
            make(growing)
            with _writing():
                (growing / _SEAL).write_bytes(msgspec.json.encode(_sums(growing)))
                _discard(folder)
                growing.rename(folder)
        finally:
            shutil.rmtree(growing, ignore_errors=True)
        return folder

    def _sweep(self) -> None:
        """Remove what nobody has used for long, and what a killed process has left."""
        now = time.time()
        with contextlib.suppress(OSError):
            for path in self.root.iterdir():
                longest = _UNUSED if not path.suffix else _LEFT_BEHIND
                if path.suffix != ".lock" and now - _used(path) > longest:
                    _discard(path)


class _NotWritableError(Exception):
    """The cache cannot be written; what is made goes elsewhere."""


@contextlib.contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except DeadlineError:  # which is an OSError too
        raise
    except OSError as error:
        raise _NotWritableError(error.strerror or str(error)) from error


def _make_for_now(make: Callable[[Path], None]) -> Path:
    import tempfile  # this way is rare, and tempfile imports random

    try:
        folder = Path(tempfile.mkdtemp(prefix="ei-runner-"))
    except OSError as error:
        raise InvalidInputError(
            f"there is no folder for what is compiled: {error.strerror or error}; make room, or "
            f"set {CACHE_VARIABLE} to a folder that can be written"
        ) from error
    try:
        make(folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    # Until the process ends: what is in it may be loaded, and loaded again.
    weakref.finalize(ContentCache, _remove_own, folder, os.getpid())
    return folder


def _remove_own(folder: Path, owner: int) -> None:
    """Remove a folder when the process that made it ends, not when one that it forked does."""
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)


def _is_whole(folder: Path) -> bool:
    """Whether all files of an entry are there, as they were written; notes that it is used."""
    try:
        seal = (folder / _SEAL).read_bytes()
        if msgspec.json.decode(seal, type=Sums) != _sums(folder):
            return False
    except (OSError, ValueError):
        return False
    with contextlib.suppress(OSError):  # a cache that can only be read serves too
        os.utime(folder / _SEAL)
    return True


def _sums(folder: Path) -> Sums:
    return {
        path.relative_to(folder).as_posix(): _sum(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path != folder / _SEAL
    }


def _sum(path: Path) -> tuple[int, int]:
    size = checksum = 0
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            size, checksum = size + len(chunk), zlib.crc32(chunk, checksum)
    return size, checksum


def _used(folder: Path) -> float:
    seal = folder / _SEAL
    return (seal if seal.exists() else folder).lstat().st_mtime


def _discard(folder: Path) -> None:
    """Out of the way at once, so that nobody finds half of it."""
    doomed = folder.with_name(f"{folder.name}.{os.urandom(6).hex()}.old")
    with contextlib.suppress(FileNotFoundError):
        folder.rename(doomed)
    if doomed.is_dir() and not doomed.is_symlink():
        shutil.rmtree(doomed, ignore_errors=True)
    else:  # somebody put a file there
        doomed.unlink(missing_ok=True)
