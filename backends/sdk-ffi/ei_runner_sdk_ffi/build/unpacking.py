"""Zips of exports, unpacked into the cache once by content. They are treated as hostile."""

from __future__ import annotations

import logging
from pathlib import Path

from ei_runner_core import ModelNotFoundError
from ei_runner_core.authoring import unpack as unpack_archive

from .cache import Cache
from .fingerprint import digest_file, digest_text, now, settled

__all__ = ["MARK", "unpack"]

MARK = "model-parameters/model_metadata.h"
"""The file that tells where in a folder or zip an export begins."""

_log = logging.getLogger(__name__)


def unpack(path: Path, cache: Cache) -> Path:
    """The folder with the content of a zip. It is unpacked only when its content is new.

    Raises:
        ModelNotFoundError: it cannot be read.
        ModelFormatError: it is damaged, encrypted, too large, or leads out of its folder.
        BuildError: there is no room in the cache.
    """
    try:
        folder = cache.exports / _digest(path, cache)
        if not folder.is_dir():
            _unpack_to(folder, path, cache)
    except OSError as error:
        raise ModelNotFoundError(f"cannot read {path}: {error.strerror}") from error
    return folder


def _digest(path: Path, cache: Cache) -> str:
    """The digest of its content; remembered, so that an unchanged zip is not read."""
    found, moment = path.stat(), now()
    stamp = (found.st_size, found.st_mtime_ns, found.st_ctime_ns)
    memo = f"zip-{digest_text(str(path.absolute()), repr((*stamp, found.st_ino)))}"
    known = cache.recall(memo)
    if isinstance(known, str) and known.isalnum():
        return known
    digest = digest_file(path)[:40]
    if settled([stamp], moment):
        cache.remember(memo, digest)
    return digest


def _unpack_to(folder: Path, path: Path, cache: Cache) -> None:
    _log.info("unpacking %s", path)
    with cache.workplace() as workplace:
        unpacked = workplace / "unpacked"
        _extract(path, unpacked, cache)
        inner = [] if _holds_export(unpacked) else sorted(unpacked.rglob("*.zip"))
        if len(inner) == 1:  # a zip that somebody zipped again
            unpacked = workplace / "inner"
            _extract(inner[0], unpacked, cache)
        cache.folder(folder.parent)
        with cache.writing():
            try:
                unpacked.rename(folder)
            except OSError:
                if not folder.is_dir():  # else another process was faster
                    raise


def _holds_export(folder: Path) -> bool:
    return any(folder.rglob(MARK))


def _extract(path: Path, folder: Path, cache: Cache) -> None:
    with cache.writing():
        unpack_archive(path, folder)
