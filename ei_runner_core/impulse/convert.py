"""Writing bundles: an impulse with its networks as a folder or a zip of its own."""

from __future__ import annotations

import os
import secrets
import shutil
import zipfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Any

from .._network_formats import check_format
from .._text import one_line
from ..contract import ModelSource, Network
from ..errors import InvalidInputError, ModelNotFoundError, UnsupportedModelError
from ._replacing import check_place
from .bundle import IMPULSE_FILE
from .document import dump_impulse, parse_impulse
from .tree import GmmBlock, Impulse, LearnBlock, NetworkBlock

__all__ = ["write_bundle"]

_Contents = dict[str, bytes]


def write_bundle(
    source: ModelSource, target: str | os.PathLike[str], *, force: bool = False
) -> Path:
    """Write a model as a bundle, which every tensor backend opens.

    It appears at once, when it is complete: until then it is written beside its place.

    Args:
        source: a model that was read, with its impulse and its networks.
        target: the new folder, or with the suffix ``.zip`` the new zip.
        force: whether a bundle of the same form (folder or zip) or an empty folder that is there
            may be replaced. Nothing else ever is.

    Returns:
        The path of the bundle.

    Raises:
        InvalidInputError: there is something at the target, it overlaps the model, or it cannot
            be written; or the model is a lone file that no backend opens.
        UnsupportedModelError: a network has no file, as it was compiled with EON.
        ModelNotFoundError: the file of a network is missing.
        ModelFormatError: the impulse contradicts itself.
    """
    contents = _contents(source)
    path = _checked_path(target)
    with _told_as_input_error(path):
        check_place(source.path, path, force)
        beside = path.with_name(f".{secrets.token_hex(8)}.tmp")  # fits where any name fits
        try:
            if path.suffix.lower() == ".zip":
                _write_archive(beside, contents)
            else:
                _write_folder(beside, contents)
            _move(beside, path)
        finally:
            _remove(beside)
    return path


def _checked_path(target: Any) -> Path:
    try:
        path = Path(target)
    except TypeError:
        raise InvalidInputError(
            f"the bundle to make is named by a path, got {type(target).__name__}; pass a str or a "
            "Path"
        ) from None
    if not path.name:
        raise InvalidInputError(f"{path} has no name of its own; name the bundle to make")
    return path


@contextmanager
def _told_as_input_error(target: Path) -> Iterator[None]:
    """What the system says about a place, or about a name that it cannot take, is one error."""
    try:
        yield
    except OSError as error:
        why = error.strerror or error
        raise InvalidInputError(f"cannot write {one_line(str(target))}: {why}") from error
    except (ValueError, RuntimeError) as error:  # a NUL byte, no Unicode, a loop of links
        raise InvalidInputError(f"cannot write {one_line(str(target))}: {error}") from error


def _contents(source: ModelSource) -> _Contents:
    """The files of the bundle by their names."""
    impulse = source.impulse
    if impulse is None:
        raise InvalidInputError(
            f"the impulse of {source.path} is not known: only C++ exports, bundles and network "
            "files become bundles"
        )
    if source.kind == "network":
        for network in (file for files in source.networks.values() for file in files):
            check_format(network)
    named: dict[int, Mapping[str, Network]] = {}
    for block in impulse.networks:
        taken = {IMPULSE_FILE} | {name for files in named.values() for name in files}
        named[block.id] = _named(block, source, taken)
    document = dump_impulse(_with_files(impulse, named)).encode()
    parse_impulse(document)  # what is written can be read
    networks = dict(pair for files in named.values() for pair in files.items())
    return {IMPULSE_FILE: document} | {name: file.read() for name, file in networks.items()}


def _named(
    block: NetworkBlock | GmmBlock, source: ModelSource, taken: Collection[str]
) -> Mapping[str, Network]:
    """The files of a block by names that no other block has."""
    files = source.networks.get(block.id, ())
    if not files and block.files:
        raise ModelNotFoundError(f"the network {block.files[0]} of {source.path} is missing")
    if not files:
        raise UnsupportedModelError(
            f"the network of the learn block {block.id} in {source.path} has no file: it was "
            "compiled with EON, and runs on the sdk-ffi backend only; in Studio, export the model "
            "without the EON compiler, or give the network file with network= (--network)"
        )
    named: dict[str, Network] = {}
    for i, file in enumerate(files):
        name = f"{_stem(file, i, block)}{file.format}"
        if name in taken or name in named:
            name = f"{_stem(file, i, block)}_{block.id}_{i}{file.format}"
        named[name] = file
    return named


def _stem(file: Network, index: int, block: NetworkBlock | GmmBlock) -> str:
    name = block.files[index] if index < len(block.files) else file.name.replace("\\", "/")
    encodable = PurePosixPath(name).stem.encode(errors="ignore").decode()
    return encodable or "network"


def _with_files(impulse: Impulse, named: Mapping[int, Mapping[str, Network]]) -> Impulse:
    from msgspec.structs import replace

    def renamed() -> Iterator[LearnBlock]:
        for block in impulse.learn:
            yield replace(block, files=tuple(named[block.id])) if block.id in named else block

    return replace(impulse, learn=tuple(renamed()))


def _write_folder(folder: Path, contents: _Contents) -> None:
    folder.mkdir()
    for name, content in contents.items():
        (folder / name).write_bytes(content)


def _write_archive(path: Path, contents: _Contents) -> None:
    with zipfile.ZipFile(path, "x", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            member = zipfile.ZipInfo(name)  # of 1980, so that the same model gives the same zip
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = 0o644 << 16
            archive.writestr(member, content)


def _move(beside: Path, target: Path) -> None:
    """Put what was written into its place; a folder there goes away only then."""
    if not target.is_dir() or target.is_symlink():
        beside.replace(target)
        return
    old = beside.with_name(f"{beside.name}.old")
    target.rename(old)
    try:
        beside.rename(target)
    except OSError:
        old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _remove(path: Path) -> None:
    """Remove what was written, if it was; nothing can be there where nothing can be written."""
    with suppress(OSError, ValueError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
