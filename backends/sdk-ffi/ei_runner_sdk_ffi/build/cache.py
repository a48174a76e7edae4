"""The folder in which builds are kept: objects, libraries, unpacked exports and memos."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar, overload

import msgspec

from ei_runner_core import BuildError, EdgeImpulseError

__all__ = ["VARIABLE", "Cache"]

T = TypeVar("T")

VARIABLE = "EI_RUNNER_CACHE"
_MINUTE = 60.0  # s; a folder without a lock may be that young because its lock is being made


class Cache:
    """A folder whose files appear whole or not at all, for any number of processes.

    ``objects``, ``libraries``, ``exports`` and ``memos`` are folders in it, and so is ``work``,
    where things grow before they are moved to their place.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.objects = root / "objects"
        self.libraries = root / "libraries"
        self.exports = root / "exports"
        self.memos = root / "memos"
        self.work = root / "work"

    @classmethod
    def find(cls, environment: Mapping[str, str] = os.environ) -> Cache:
        """The cache of this user: the folder ``EI_RUNNER_CACHE``, or the usual place."""
        if place := environment.get(VARIABLE):
            try:
                return cls(Path(place).expanduser().absolute() / "sdk-ffi")
            except RuntimeError as error:  # the home of nobody
                raise BuildError(f"{VARIABLE}={place} cannot be: {error}; name a folder") from error
        import platformdirs

        return cls(platformdirs.user_cache_path("ei-runner", appauthor=False) / "sdk-ffi")

    def folder(self, path: Path) -> Path:
        """A folder in the cache, made where it is missing.

        Raises:
            BuildError: it cannot be made.
        """
        with self.writing():
            path.mkdir(parents=True, exist_ok=True)
        return path

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Turn the errors of a file system into one that names the cache and what to do."""
        try:
            yield
        except EdgeImpulseError:  # some of them are OSErrors too
            raise
        except OSError as error:
            raise BuildError(
                f"cannot write to the cache {self.root}: {error.strerror or error}; make room "
                f"there, or set {VARIABLE} to a folder that you can write to"
            ) from error

    def write(self, path: Path, content: bytes) -> None:
        """Write a file of the cache: others see the old content or the new one, whole.

        Raises:
            BuildError: there is no room, or the folder is not writable.
        """
        self.folder(path.parent)
        temporary = path.with_name(f".{path.name}.{os.urandom(6).hex()}")
        with self.writing():
            try:
                temporary.write_bytes(content)
                temporary.replace(path)
            finally:
                temporary.unlink(missing_ok=True)

    @overload
    def recall(self, name: str) -> Any: ...
    @overload
    def recall(self, name: str, kind: type[T]) -> T | None: ...
    def recall(self, name: str, kind: Any = Any) -> Any:
        """A memo; ``None`` where there is none, a damaged one, or one of another kind."""
        try:
            return msgspec.json.decode((self.memos / name).read_bytes(), type=kind)
        except (OSError, ValueError, RecursionError):
            return None

    def remember(self, name: str, memo: Any) -> None:
        """Keep a memo, which anybody may lose at any time.

        Raises:
            BuildError: there is no room, or the folder is not writable.
        """
        with contextlib.suppress(UnicodeEncodeError):  # the name of a file may be no text
            self.write(self.memos / name, msgspec.json.encode(memo))

    @contextlib.contextmanager
    def workplace(self) -> Iterator[Path]:
        """A new folder below ``work``, gone at the end; those of dead processes go first.

        Raises:
            BuildError: it cannot be made.
        """
        import filelock

        self.sweep()
        folder = self.folder(self.work) / os.urandom(8).hex()
        lock = filelock.FileLock(_lock_of(folder), timeout=0)
        try:
            with self.writing():
                lock.acquire()
                folder.mkdir()
            yield folder
        finally:
            _remove(folder)
            lock.release()
            _lock_of(folder).unlink(missing_ok=True)

    def sweep(self) -> None:
        """Remove the workplaces that processes left behind when they were killed."""
        for folder in _children(self.work):
            if not folder.name.endswith(".lock") and _age(folder) > _MINUTE:
                _remove_if_free(folder)
        for lock in _children(self.work):
            is_left = lock.name.endswith(".lock") and not lock.with_suffix("").exists()
            if is_left and _age(lock) > _MINUTE:
                lock.unlink(missing_ok=True)


def _lock_of(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.lock")


def _remove_if_free(folder: Path) -> None:
    import filelock

    lock = filelock.FileLock(_lock_of(folder), timeout=0)
    with contextlib.suppress(filelock.Timeout, OSError), lock:
        _remove(folder)


def _remove(folder: Path) -> None:
    import shutil  # on first use: it costs as much as all else here

    shutil.rmtree(folder, ignore_errors=True)


def _children(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _age(path: Path) -> float:
    """Seconds since it was last changed; 0 when it has gone."""
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return 0.0
