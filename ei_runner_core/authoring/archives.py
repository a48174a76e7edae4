"""Unpacking zips of strangers into a folder."""

from __future__ import annotations

import stat
import unicodedata
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from .._archives import ZIP_ERRORS, open_archive
from ..errors import InvalidInputError, ModelFormatError

__all__ = ["unpack"]

_PIECE = 1024 * 1024
_LONGEST_NAME = 255
_LONGEST_PATH = 1024

_Places = dict[str, tuple[PurePosixPath, bool]]
"""Paths and whether they are folders, by what some file systems hold for the same name."""


def unpack(archive: Path, folder: Path) -> tuple[str, ...]:
    """Unpack a zip that nobody vouches for.

    All members are checked before the first one is written: their number and sizes are bounded,
    and none may lead out of the folder, be a link, a device or encrypted, or have the name of
    another one, be it in other letters, which some file systems hold for the same.

    Args:
        archive: the zip.
        folder: where its files go, with the permissions of new files and nothing executable. It is
            made if it is missing and must be empty. After an error it holds a part of the files:
            unpack into one that you remove then.

    Returns:
        The paths of the files below the folder, with slashes, sorted.

    Raises:
        ModelFormatError: the zip is damaged or not safe to unpack.
        InvalidInputError: the folder is not empty.
        OSError: the folder cannot be written, as where the disk is full.
    """
    with open_archive(archive) as opened:
        members = _members(archive, opened)
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise InvalidInputError(f"{folder} is not empty; unpack into a new folder")
        made: set[PurePosixPath] = {PurePosixPath()}
        for path, member in members.items():
            parent = path if member.is_dir() else path.parent
            if parent not in made:
                (folder / parent).mkdir(parents=True, exist_ok=True)
                made.add(parent)
            if not member.is_dir():
                _write(archive, opened, member, folder / path)
    return tuple(sorted(str(path) for path, member in members.items() if not member.is_dir()))


def _members(archive: Path, opened: zipfile.ZipFile) -> dict[PurePosixPath, zipfile.ZipInfo]:
    places: _Places = {}
    members = {}
    for member in opened.infolist():
        path = PurePosixPath(member.filename)
        problem = _problem(path, member) or _clash(path, member.is_dir(), places)
        if problem:
            raise ModelFormatError(f"{archive}: the member {member.filename!r} {problem}")
        members[path] = member
    return members


def _problem(path: PurePosixPath, member: zipfile.ZipInfo) -> str:
    if stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "is no regular file"
    if not path.parts and not member.is_dir():
        return "has no name"
    if not member.filename.isprintable():
        return "has a name with characters that cannot be printed"
    lengths = [len(part.encode()) for part in path.parts]
    if sum(lengths) + len(lengths) > _LONGEST_PATH or max(lengths, default=0) > _LONGEST_NAME:
        return "has a name that is too long"
    return ""


def _clash(path: PurePosixPath, is_folder: bool, places: _Places) -> str:
    """What keeps a member from lying beside those before it; it and its folders are noted."""
    if not is_folder:
        if other := places.get(_folded(path)):
            return f"clashes with {str(other[0])!r}"
        places[_folded(path)] = path, False
        path = path.parent
    for folder in (path, *path.parents):
        other = places.setdefault(_folded(folder), (folder, True))
        if other != (folder, True):
            return f"clashes with {str(other[0])!r}"
    return ""


def _folded(path: PurePosixPath) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", str(path)).casefold())


def _write(archive: Path, opened: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path) -> None:
    with path.open("xb") as file:
        for piece in _pieces(archive, opened, member):
            file.write(piece)


def _pieces(archive: Path, opened: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """What a member holds, as long as the zip states it."""
    left = member.file_size
    try:
        with opened.open(member) as content:
            while piece := content.read(_PIECE):
                left -= len(piece)
                yield piece
    except ZIP_ERRORS as error:
        raise ModelFormatError(f"{archive}: cannot unpack {member.filename!r}: {error}") from error
    if left:
        raise ModelFormatError(
            f"{archive}: {member.filename!r} has not the size that the zip states"
        )
