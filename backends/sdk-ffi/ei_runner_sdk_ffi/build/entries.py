"""What the cache holds, for people: which models, how large, when used; and making room."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ei_runner_core import InvalidInputError

from .cache import Cache
from .libraries import RECORD

__all__ = ["Entry", "Sizes", "clean", "entries", "is_building", "sizes"]


@dataclass(frozen=True)
class Entry:
    """A library in the cache. Times are in seconds since the epoch, ``size`` in bytes.

    ``model`` is what the user named when it was built, ``root`` the folder in which it was
    compiled, ``content`` the digest of the export: another one with that content shares it.
    """

    key: str
    model: str
    root: str
    content: str
    studio: str
    target: str
    network: str
    size: int
    made: float
    used: float


@dataclass(frozen=True)
class Sizes:
    """How many bytes the parts of the cache take."""

    libraries: int
    objects: int
    exports: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.libraries + self.objects + self.exports


def entries(cache: Cache) -> list[Entry]:
    """The libraries in the cache, the one that was used last first."""
    found = (_entry(folder) for folder in _folders(cache.libraries))
    return sorted(found, key=lambda entry: (-entry.used, entry.key))


def sizes(cache: Cache) -> Sizes:
    """What the cache takes on disk; objects with what is remembered about them."""
    return Sizes(
        _size(cache.libraries), _size(cache.objects) + _size(cache.memos), _size(cache.exports)
    )


def clean(
    cache: Cache,
    *,
    key: str | None = None,
    older_than: float | None = None,
    only_objects: bool = False,
) -> int:
    """Make room. What another process builds just now is left alone; loaded models keep running.

    Args:
        cache: the cache.
        key: the one library to remove, by its key or the start of it.
        older_than: remove only what was not used for so many seconds.
        only_objects: keep the libraries, so that nothing has to be built until a model changes.

    Returns:
        The number of bytes that were freed.

    Raises:
        InvalidInputError: no library has such a key, or several do.
    """
    before = sizes(cache).total
    if key is not None:
        folder = _find(cache, key)
        unpacked = _unpacked(cache, folder)
        _remove(folder)
        _remove_unused(cache, unpacked)
    else:
        if not only_objects:
            _clean_libraries(cache, older_than)
        _clean_parts(cache, older_than, only_objects=only_objects)
    return max(0, before - sizes(cache).total)


def is_building(cache: Cache) -> bool:
    """Whether some process builds just now; what it may use is left alone then."""
    return any(map(_is_held, cache.libraries.glob("*.lock")))


def _clean_parts(cache: Cache, older_than: float | None, *, only_objects: bool) -> None:
    """Remove what builds take from the cache; not while there is one that has begun to."""
    if is_building(cache):
        return
    if not only_objects:
        _clean_folders(cache.exports, older_than)
    for folder in (cache.objects, cache.memos, cache.root / "logs"):
        _clean_files(folder, older_than)


def _find(cache: Cache, key: str) -> Path:
    found = [folder for folder in _folders(cache.libraries) if folder.name.startswith(key)]
    if len(found) != 1:
        raise InvalidInputError(
            f"{len(found)} libraries in the cache have a key that begins with {key!r}; expected "
            "one of those that are listed"
        )
    return found[0]


def _clean_libraries(cache: Cache, older_than: float | None) -> None:
    for folder in _folders(cache.libraries):
        if _is_old(folder, older_than):
            _remove(folder)


def _clean_folders(parent: Path, older_than: float | None) -> None:
    for folder in _folders(parent):
        if _is_old(folder, older_than):
            shutil.rmtree(folder, ignore_errors=True)


def _clean_files(parent: Path, older_than: float | None) -> None:
    for path in parent.rglob("*"):
        if path.is_file() and _is_old(path, older_than):
            path.unlink(missing_ok=True)


def _unpacked(cache: Cache, library: Path) -> Path | None:
    """The unpacked zip that a library was compiled in, if it was one."""
    root = Path(str(_record(library).get("root", "")))
    inside = root.parts[len(cache.exports.parts) :] if root.is_relative_to(cache.exports) else ()
    return cache.exports / inside[0] if inside else None


def _remove_unused(cache: Cache, unpacked: Path | None) -> None:
    others = (_unpacked(cache, folder) for folder in _folders(cache.libraries))
    if unpacked and unpacked not in others and not is_building(cache):
        shutil.rmtree(unpacked, ignore_errors=True)


def _is_held(path: Path) -> bool:
    import filelock

    try:
        with filelock.FileLock(path, timeout=0):
            return False
    except filelock.Timeout:
        return True


def _remove(folder: Path) -> None:
    import filelock

    lock = filelock.FileLock(folder.with_name(f"{folder.name}.lock"), timeout=0)
    with contextlib.suppress(filelock.Timeout), lock:
        shutil.rmtree(folder, ignore_errors=True)


def _is_old(path: Path, age: float | None) -> bool:
    return age is None or time.time() - _used(path) > age


def _used(path: Path) -> float:
    with contextlib.suppress(OSError):
        return path.stat().st_mtime
    return 0.0


def _entry(folder: Path) -> Entry:
    record = _record(folder)
    return Entry(
        key=folder.name,
        model=str(record.get("model", "?")),
        root=str(record.get("root", "")),
        content=str(record.get("content", "")),
        studio=str(record.get("studio", "")),
        target=str(record.get("target", "?")),
        network=str(record.get("network", "?")),
        size=_size(folder),
        made=float(record.get("made", 0.0)),
        used=_used(folder),
    )


def _record(folder: Path) -> dict[str, Any]:
    with contextlib.suppress(OSError, ValueError):
        found = json.loads((folder / RECORD).read_bytes())
        if isinstance(found, dict):
            return found
    return {}


def _folders(parent: Path) -> Iterator[Path]:
    with contextlib.suppress(OSError):
        yield from sorted(path for path in parent.iterdir() if path.is_dir())


def _size(folder: Path) -> int:
    return sum(
        path.lstat().st_size
        for directory, _, names in os.walk(folder)
        for path in (Path(directory, name) for name in names)
        if not path.is_symlink()
    )
