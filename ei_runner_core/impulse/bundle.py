"""Bundles: an ``impulse.json`` with its network files, as a directory or a zip.

A zip is read in memory and nothing of it is written to disk. Both forms are treated as hostile:
no path may leave the bundle, no link is followed out of it, and sizes are bounded before anything
is unpacked.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from .._archives import open_archive, read_member
from ..contract import ModelSource, Network
from ..errors import ModelFormatError, ModelNotFoundError
from .document import parse_impulse
from .tree import Impulse

__all__ = ["IMPULSE_FILE", "read_bundle"]

IMPULSE_FILE = "impulse.json"
MAX_DOCUMENT_BYTES = 64 * 1024 * 1024

_Reader = Callable[[str, str], Network]


def read_bundle(path: Path) -> ModelSource:
    """Read a bundle from a directory or a zip.

    Raises:
        ModelNotFoundError: a file that ``impulse.json`` names is missing.
        ModelFormatError: the document or the archive is damaged or not safe to open.
    """
    if path.is_dir():
        return _read_directory(path)
    with open_archive(path) as archive:
        return _read_archive(path, archive)


def _read_directory(root: Path) -> ModelSource:
    document = root / IMPULSE_FILE
    try:
        if not document.is_file():
            raise ModelFormatError(f"{document} is not a regular file")
        with document.open("rb") as file:
            text = file.read(MAX_DOCUMENT_BYTES + 1)
    except OSError as error:
        raise ModelNotFoundError(f"cannot read {document}: {error.strerror}") from error
    _check_document_size(len(text), document)

    def network(name: str, field: str) -> Network:
        path = _inside(root, name, field)
        if not path.is_file():
            raise _missing(name, field, root)
        return Network(str(path), PurePosixPath(name).suffix.lower(), path=path)

    return _source(root, parse_impulse(text), network)


def _read_archive(path: Path, archive: zipfile.ZipFile) -> ModelSource:
    members = {info.filename: info for info in archive.infolist()}
    if IMPULSE_FILE not in members:
        raise ModelFormatError(
            f"{path} holds no {IMPULSE_FILE} at its top; zip what is in the bundle's folder, not "
            "the folder itself"
        )
    _check_document_size(members[IMPULSE_FILE].file_size, path / IMPULSE_FILE)

    def network(name: str, field: str) -> Network:
        _check_relative(name, field)
        member = members.get(name)
        if member is None or member.is_dir():
            raise _missing(name, field, path)
        content = read_member(archive, member, path)
        return Network(f"{path}/{name}", PurePosixPath(name).suffix.lower(), content=content)

    return _source(path, parse_impulse(read_member(archive, members[IMPULSE_FILE], path)), network)


def _source(path: Path, impulse: Impulse, network: _Reader) -> ModelSource:
    networks = {
        block.id: tuple(
            network(name, f"$.learn[{i}].files[{k}]") for k, name in enumerate(block.files)
        )
        for i, block in enumerate(impulse.learn)
        if block in impulse.networks
    }
    return ModelSource(path, "bundle", impulse, networks)


def _missing(name: str, field: str, where: Path) -> ModelNotFoundError:
    return ModelNotFoundError(
        f"impulse.json: {field}: there is no file {name!r} in {where}; is the bundle complete?"
    )


def _check_document_size(size: int, where: Path) -> None:
    if size > MAX_DOCUMENT_BYTES:
        raise ModelFormatError(f"{where} is larger than {MAX_DOCUMENT_BYTES >> 20} MiB")


def _check_relative(name: str, field: str) -> None:
    path = PurePosixPath(name)
    if not name or path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name:
        raise ModelFormatError(
            f"impulse.json: {field}: {name!r} is not a path inside the bundle; "
            "name a file beside impulse.json"
        )


def _inside(root: Path, name: str, field: str) -> Path:
    _check_relative(name, field)
    path = root / name
    try:
        inside = path.resolve().is_relative_to(root.resolve())
        path.is_file()
    except (OSError, RuntimeError) as error:  # a loop of links, a name that is too long
        raise ModelFormatError(f"impulse.json: {field}: cannot follow {name!r}: {error}") from error
    if not inside:
        raise ModelFormatError(
            f"impulse.json: {field}: {name!r} is a link that leads out of the bundle; "
            "put the file itself there"
        )
    return path
