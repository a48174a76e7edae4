"""Writing a built library to where its user wants it."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path

from ei_runner_core import InvalidInputError

from .build.libraries import BuiltLibrary

__all__ = ["check_place", "write_library"]

_SUFFIXES = (".so", ".dylib")


def check_place(output: str | os.PathLike[str], *, force: bool) -> None:
    """Refuse a file that is there already, before the library for it is built.

    Raises:
        InvalidInputError: it is.
    """
    path = Path(output)
    if _is_file_name(path):
        _check_free(path, force=force)


def write_library(
    library: BuiltLibrary, output: str | os.PathLike[str], *, force: bool = False
) -> tuple[Path, ...]:
    """Write a library, and beside it the libraries that it needs. Each appears whole or not at all.

    Args:
        library: what was built.
        output: the file to write, which ends in ``.so`` or ``.dylib``, or a folder, which is made
            where it is missing; in a folder it is called as in the cache.
        force: whether files that are there may be replaced.

    Returns:
        The files that were written, the library first.

    Raises:
        InvalidInputError: a file is there already, or cannot be written.
    """
    path = Path(output)
    target = path if _is_file_name(path) else path / library.path.name
    copies = {target: library.path}
    copies.update((target.parent / needed.name, needed) for needed in library.libraries)
    for place in copies:
        _check_free(place, force=force)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        for place, source in reversed(copies.items()):  # when the library is there, all is
            _copy(source, place)
    except OSError as error:
        raise InvalidInputError(
            f"cannot write the library to {path}: {error.strerror or error}; name another place"
        ) from error
    return tuple(copies)


def _is_file_name(path: Path) -> bool:
    return path.suffix.lower() in _SUFFIXES and not path.is_dir()


def _check_free(path: Path, *, force: bool) -> None:
    if path.is_dir():
        raise InvalidInputError(f"{path} is a folder; name another place for the library")
    if os.path.lexists(path) and not force:
        raise InvalidInputError(
            f"{path} exists already; name another place, or replace it with --force"
        )


def _copy(source: Path, target: Path) -> None:
    beside = target.with_name(f".{target.name}.{secrets.token_hex(6)}")
    try:
        shutil.copyfile(source, beside)
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
