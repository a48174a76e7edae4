"""The files of an export, in a folder or a zip, wherever in it the export begins.

Exports are treated as hostile: no link is followed out of a folder, pipes and devices are not
opened, and what is read is bounded.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ..._archives import open_archive, read_member
from ...errors import InvalidInputError, ModelFormatError, ModelNotFoundError
from ...files.regular import read_regular

__all__ = ["ExportFiles", "open_export"]

METADATA = "model-parameters/model_metadata.h"
MAX_DEPTH = 3
MAX_FOLDERS = 500
_WITHOUT_EXPORTS = {"edge-impulse-sdk", "tflite-model", "node_modules", "__MACOSX"}


class ExportFiles(Protocol):
    """Files by their path below the folder in which the export begins."""

    def names(self, folder: str) -> list[str]:
        """The names of the files in a folder, sorted; none if it does not exist."""

    def read(self, name: str, limit: int) -> bytes:
        """The content of a file of at most ``limit`` bytes."""

    def path(self, name: str) -> Path | None:
        """Where a file is on disk; ``None`` in a zip."""


@contextmanager
def open_export(path: Path) -> Iterator[ExportFiles]:
    """Find the export in a folder or a zip.

    Raises:
        ModelNotFoundError: there is nothing at the path.
        ModelFormatError: there is no export in it, or several; or the zip is not safe to open.
    """
    if path.is_dir():
        yield _Folder(path, Path(_only(path, _below(path))))
    elif path.exists():
        with open_archive(path) as archive:
            yield _Archive(path, archive)
    else:
        raise ModelNotFoundError(f"there is no export at {path}")


def _only(path: Path, roots: Iterable[str]) -> str:
    """The one place where an export begins, of those that are nearest to the top."""
    found = sorted(roots)
    if not found:
        raise ModelFormatError(
            f"{path} holds no {METADATA}; name the folder or zip of a C++ library export"
        )
    if len(found) > 1:
        shown = ", ".join(root or "." for root in found[:5])
        raise ModelFormatError(f"{path} holds {len(found)} exports ({shown}); name one of them")
    return found[0]


def _below(path: Path) -> list[str]:
    level, seen = [path], 0
    for _ in range(MAX_DEPTH + 1):
        found = [str(folder) for folder in level if (folder / METADATA).is_file()]
        seen += len(level)
        if found or seen > MAX_FOLDERS:
            return found
        level = [folder for parent in level for folder in _folders(parent)]
    return []


def _folders(parent: Path) -> list[Path]:
    try:
        children = sorted(parent.iterdir())
    except OSError:
        return []  # a folder that may not be listed holds nothing for us
    return [
        child
        for child in children
        if child.is_dir()
        and not child.is_symlink()
        and child.name not in _WITHOUT_EXPORTS
        and not child.name.startswith(".")
    ]


@dataclass(frozen=True)
class _Folder:
    given: Path
    root: Path

    def names(self, folder: str) -> list[str]:
        try:
            return sorted(child.name for child in (self.root / folder).iterdir())
        except OSError:
            return []

    def read(self, name: str, limit: int) -> bytes:
        path = self.path(name)
        try:
            content = read_regular(path, limit + 1)
        except OSError as error:
            raise ModelNotFoundError(f"cannot read {path}: {error.strerror}") from error
        except InvalidInputError as error:
            raise ModelFormatError(f"cannot read {path}: {error}") from error
        if len(content) > limit:
            raise _too_large(name, limit)
        return content

    def path(self, name: str) -> Path:
        path = self.root / name
        try:
            inside = path.resolve().is_relative_to(self.given.resolve())
        except (OSError, RuntimeError, ValueError) as error:  # a loop of links, a NUL byte
            raise ModelFormatError(f"cannot follow {name!r}: {error}") from error
        if not inside:
            raise ModelFormatError(
                f"{name!r} is a link or a path that leads out of the export; put the file there"
            )
        return path


class _Archive:
    def __init__(self, given: Path, archive: zipfile.ZipFile) -> None:
        members = {info.filename: info for info in archive.infolist() if not info.is_dir()}
        roots = [
            name.removesuffix(METADATA) for name in members if f"/{name}".endswith(f"/{METADATA}")
        ]
        depth = min((root.count("/") for root in roots), default=0)
        self._root = _only(given, (root for root in roots if root.count("/") == depth))
        self._given = given
        self._archive = archive
        self._members = members

    def names(self, folder: str) -> list[str]:
        prefix = f"{self._root}{folder}/"
        inside = (name.removeprefix(prefix) for name in self._members if name.startswith(prefix))
        return sorted(name for name in inside if "/" not in name)

    def read(self, name: str, limit: int) -> bytes:
        info = self._members.get(self._root + name)
        if info is None:
            raise ModelNotFoundError(f"there is no {name!r} in {self._given}")
        if info.file_size > limit:
            raise _too_large(name, limit)
        return read_member(self._archive, info, self._given)

    def path(self, name: str) -> Path | None:
        return None


def _too_large(name: str, limit: int) -> ModelFormatError:
    return ModelFormatError(f"{name} is larger than {limit >> 20} MiB, which no export needs")
