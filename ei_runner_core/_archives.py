"""Zips, treated as hostile: every member is checked before the first one is unpacked."""

from __future__ import annotations

import lzma
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from .errors import ModelFormatError

__all__ = ["ZIP_ERRORS", "open_archive", "read_member"]

MAX_ARCHIVE_BYTES = 2 * 1024**3
MAX_ARCHIVE_ENTRIES = 100_000
MAX_RATIO = 1_000

# what zipfile and its decompressors raise for damaged archives, and for methods they do not know
ZIP_ERRORS = (
    zipfile.BadZipFile,
    OSError,
    ValueError,
    LookupError,
    EOFError,
    RuntimeError,
    zlib.error,
    lzma.LZMAError,
)


def open_archive(path: Path) -> zipfile.ZipFile:
    """Open a zip after checking that all its members are safe to read.

    Raises:
        ModelFormatError: it is damaged, or a member is a link, encrypted, leads out of the
            archive, is there twice, or is far larger than its compressed form can be.
    """
    try:
        archive = zipfile.ZipFile(path)
    except ZIP_ERRORS as error:
        raise ModelFormatError(f"{path} is not a readable zip: {error}") from error
    try:
        _check_members(path, archive.infolist())
    except ModelFormatError:
        archive.close()
        raise
    return archive


def _check_members(path: Path, members: list[zipfile.ZipInfo]) -> None:
    if len(members) > MAX_ARCHIVE_ENTRIES:
        raise ModelFormatError(f"{path} has {len(members)} members, at most {MAX_ARCHIVE_ENTRIES}")
    if sum(info.file_size for info in members) > MAX_ARCHIVE_BYTES:
        raise ModelFormatError(f"{path} unpacks to more than {MAX_ARCHIVE_BYTES >> 30} GiB")
    seen: set[str] = set()
    for info in members:
        problem = _member_problem(info) or ("is there twice" if info.filename in seen else "")
        if problem:
            raise ModelFormatError(f"{path}: the member {info.filename!r} {problem}")
        seen.add(info.filename)


def _member_problem(info: zipfile.ZipInfo) -> str:
    name = PurePosixPath(info.filename)
    if name.is_absolute() or ".." in name.parts or "\\" in info.filename:
        return "leads out of the archive"
    if stat.S_ISLNK(info.external_attr >> 16):
        return "is a symbolic link; put the file itself into the zip"
    if info.flag_bits & 0x1:
        return "is encrypted; make a zip without a password"
    if info.file_size > MAX_RATIO * max(info.compress_size, 1) and info.file_size > 2**20:
        return f"unpacks to {info.file_size} bytes from {info.compress_size}: refused as a zip bomb"
    return ""


def read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> bytes:
    """The content of a member of a checked archive, as long as the archive states it.

    Raises:
        ModelFormatError: it cannot be unpacked, or has another length.
    """
    try:
        with archive.open(info) as file:
            content = file.read(info.file_size + 1)
            if len(content) == info.file_size and not file.read(1):
                return content
    except ZIP_ERRORS as error:
        raise ModelFormatError(f"{path}: cannot unpack {info.filename!r}: {error}") from error
    raise ModelFormatError(f"{path}: {info.filename!r} has not the size that the zip states")
