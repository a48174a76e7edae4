"""Writing bundles: an impulse with its networks as a folder or a zip of its own."""

from __future__ import annotations

import os
import secrets
import shutil
import zipfile
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path, PurePosixPath

from ..contract import ModelSource, Network
from ..errors import InvalidInputError, ModelNotFoundError, UnsupportedModelError
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
        force: whether a file, an empty folder or a bundle that is there may be replaced.

    Returns:
        The path of the bundle.

    Raises:
        InvalidInputError: there is something at the target, or it cannot be written.
        UnsupportedModelError: a network has no file, as it was compiled with EON.
        ModelNotFoundError: the file of a network is missing.
        ModelFormatError: the impulse contradicts itself.
    """
    contents = _contents(source)
    target = Path(target)
    _check_place(target, force)
    beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        if target.suffix.lower() == ".zip":
            _write_archive(beside, contents)
        else:
            _write_folder(beside, contents)
        _move(beside, target)
    except OSError as error:
        raise InvalidInputError(f"cannot write {target}: {error.strerror or error}") from error
    finally:
        _remove(beside)
    return target


def _check_place(target: Path, force: bool) -> None:
    """Refuse to replace what nobody allowed to, and folders that hold something else."""
    if not target.name:
        raise InvalidInputError(f"{target} has no name of its own; name the bundle to make")
    if not os.path.lexists(target):
        return
    if not force:
        raise InvalidInputError(
            f"{target} exists already; name another place, or replace it with force (--force)"
        )
    if target.is_dir() and any(target.iterdir()) and not (target / IMPULSE_FILE).is_file():
        raise InvalidInputError(f"{target} is a folder that holds no bundle; it is not replaced")


def _contents(source: ModelSource) -> _Contents:
    """The files of the bundle by their names."""
    impulse = source.impulse
    if impulse is None:
        raise InvalidInputError(f"the impulse of {source.path} is not known; read it first")
    named: dict[int, Mapping[str, Network]] = {}
    for block in impulse.networks:
        taken = {name for files in named.values() for name in files}
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
    return PurePosixPath(name).stem or "network"


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
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
