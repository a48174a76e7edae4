"""The folder in which downloaded models are kept."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from .._cache_folder import CACHE_VARIABLE, cache_folder
from ..errors import DeadlineError, EdgeImpulseError, StudioError
from .entries import CachedModel, Manifest, Wish

__all__ = ["ModelCache", "measure", "remove"]

_MANIFEST = "manifest.json"
_WEEK = 7 * 24 * 3600.0  # s; what a killed download has left can be resumed as long as that


class ModelCache:
    """Models that appear whole or not at all, for any number of processes.

    ``host/project/impulse-ID/vVERSION-ENGINE-VARIANT-TARGET-FORM`` is a folder with a manifest and
    the model. Beside the hosts lie ``.locks`` and ``.work``, where models grow.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._locks = root / ".locks"
        self._work = root / ".work"

    @classmethod
    def find(cls, environment: Mapping[str, str] = os.environ) -> ModelCache:
        """The cache of this user: below ``EI_RUNNER_CACHE``, or at the usual place.

        Raises:
            InvalidInputError: the variable holds no path.
        """
        return cls(cache_folder("models", environment))

    def models(self) -> list[CachedModel]:
        """All that are whole, by project, the newest version of each first."""
        found = filter(None, map(_read_entry, self.root.glob(f"*/*/*/*/{_MANIFEST}")))
        return sorted(found, key=_order)

    def newest(self, wish: Wish) -> CachedModel | None:
        """The kept model of the highest version that is as wished, if it is undamaged."""
        fitting = (model for model in self.models() if wish.is_met_by(model.manifest))
        for model in sorted(fitting, key=lambda m: (-m.manifest.version, -m.manifest.created)):
            if _is_whole(model):
                return model
        return None

    def touch(self, model: CachedModel) -> None:
        """Note that a model is used now; a cache that cannot be written keeps working."""
        with contextlib.suppress(OSError):
            os.utime(model.folder / _MANIFEST)

    def keep(self, manifest: Manifest, staged: Path) -> CachedModel:
        """Put a model into its place, unless another process has just done so.

        Args:
            manifest: what it is.
            staged: a folder in the workplace, with the model at ``manifest.content``.

        Raises:
            StudioError: it cannot be written.
        """
        folder = self.root / manifest.place
        kept = _read_entry(folder / _MANIFEST)
        if kept is not None and _is_whole(kept):
            return kept
        with self.writing():
            _write_durably(staged / _MANIFEST, msgspec.json.encode(manifest))
            folder.parent.mkdir(parents=True, exist_ok=True)
            remove(folder)  # a damaged one
            staged.rename(folder)
        return CachedModel(folder, manifest, time.time())

    def drop(self, model: CachedModel) -> None:
        """Remove a model, and the folders above that are empty then."""
        doomed = self._work / f"{os.urandom(8).hex()}.old"
        with self.writing():
            self._work.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileNotFoundError):  # another process was first
                model.folder.rename(doomed)  # at once: nobody finds half of it
        remove(doomed)
        with contextlib.suppress(OSError):  # they are not empty
            for folder in list(model.folder.parents)[:3]:
                folder.rmdir()

    @contextlib.contextmanager
    def workplace(self, name: object, deadline: float) -> Iterator[Path]:
        """The folder in which one model grows, for one process at a time.

        What a broken download has left in it stays there for the next one.

        Args:
            name: what tells this model from others.
            deadline: until when another process may hold it (``time.monotonic()``).

        Raises:
            DeadlineError: another process had it for too long.
            StudioError: it cannot be made.
        """
        import filelock

        key = hashlib.sha256(repr(name).encode()).hexdigest()[:16]
        lock = filelock.FileLock(self._locks / f"{key}.lock")
        with self.writing():
            self._locks.mkdir(parents=True, exist_ok=True)
            try:
                lock.acquire(timeout=max(deadline - time.monotonic(), 0.0))
            except filelock.Timeout:
                raise DeadlineError(
                    "another process is still downloading the same model; wait for it, or allow "
                    "more time with timeout= (--timeout)"
                ) from None
        folder = self._work / key
        try:
            with self.writing():
                folder.mkdir(parents=True, exist_ok=True)
            yield folder
        finally:
            with contextlib.suppress(OSError):  # something is left to be resumed
                folder.rmdir()
            lock.release()

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Turn the errors of a file system into one that names the cache and what to do."""
        try:
            yield
        except EdgeImpulseError:  # some of them are OSErrors too
            raise
        except OSError as error:
            raise StudioError(
                f"cannot write to the cache {self.root}: {error.strerror or error}; make room "
                f"there, or set {CACHE_VARIABLE} to a folder that you can write to"
            ) from error

    def sweep(self, *, everything: bool = False) -> None:
        """Remove what broken downloads left behind a week ago, or at any time.

        What another process works on stays.
        """
        import filelock

        for folder in _children(self._work):
            if not (everything or _is_old(folder)):
                continue
            lock = filelock.FileLock(self._locks / f"{folder.name}.lock", timeout=0)
            with contextlib.suppress(filelock.Timeout, OSError), lock:
                remove(folder)


def measure(path: Path) -> tuple[int, int]:
    """Bytes and number of the files at or below a path."""
    if path.is_file():
        return path.stat().st_size, 1
    sizes = [
        (Path(folder) / name).stat().st_size for folder, _, names in os.walk(path) for name in names
    ]
    return sum(sizes), len(sizes)


def remove(path: Path) -> None:
    """Remove a file or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _order(model: CachedModel) -> tuple[object, ...]:
    about = model.manifest
    return about.host, about.project_id, about.impulse_id, -about.version, str(model.folder)


def _read_entry(path: Path) -> CachedModel | None:
    """An entry by its manifest; ``None`` for one that cannot be used."""
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
        entry = CachedModel(path.parent, manifest, path.stat().st_mtime)
        is_own = path.parent.parts[-4:] == manifest.place.parts
        return entry if is_own and path.parent.resolve() in entry.path.resolve().parents else None
    except (OSError, ValueError, RecursionError):
        return None


def _is_whole(model: CachedModel) -> bool:
    """Whether all bytes are there: a computer may stop before they are on its disk."""
    try:
        return measure(model.path) == (model.manifest.size, model.manifest.files)
    except OSError:
        return False


def _write_durably(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _children(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _is_old(folder: Path) -> bool:
    try:
        return time.time() - folder.stat().st_mtime > _WEEK
    except OSError:
        return False
