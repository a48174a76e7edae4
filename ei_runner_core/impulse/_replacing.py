"""What a new bundle may take the place of: nothing, an older bundle, or an empty folder."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from .._text import one_line
from ..errors import EdgeImpulseError, InvalidInputError
from .bundle import IMPULSE_FILE, read_bundle

__all__ = ["check_place"]


def check_place(model: Path, target: Path, force: bool) -> None:
    """Refuse a place where a bundle would destroy something.

    Args:
        model: what the bundle is made of.
        target: the folder to make, or with the suffix ``.zip`` the zip.
        force: whether a bundle of the same form or an empty folder may be replaced.

    Raises:
        InvalidInputError: the target and the model overlap, something is there that may not be
            replaced, or it is neither a bundle nor an empty folder.
        OSError: the place cannot be looked at.
        ValueError: no file can have that name.
    """
    name = one_line(str(target))
    _check_apart(model, target, name)
    if not os.path.lexists(target):
        return
    if not force:
        raise InvalidInputError(
            f"{name} exists already; name another place, or replace a bundle with force (--force)"
        )
    if problem := _problem(target):
        raise InvalidInputError(f"{name} {problem}; it is not replaced, name another place")


def _check_apart(model: Path, target: Path, name: str) -> None:
    ours, new = model.resolve(), target.resolve()
    if new == ours or new in ours.parents or ours in new.parents:
        raise InvalidInputError(
            f"{name} and the model {one_line(str(model))} are in one another; name another place"
        )


def _problem(target: Path) -> str:
    """Why what is there is not replaced, as a clause that follows its name."""
    is_archive = target.suffix.lower() == ".zip"
    if target.is_symlink():
        return "is a symbolic link"
    if is_archive and not target.is_file():
        return "is no zip that holds a bundle"
    if not is_archive and not target.is_dir():
        return "is not a folder"
    if not is_archive and not any(target.iterdir()):
        return ""
    form = "zip" if is_archive else "folder"
    try:
        expected = _files_of_bundle(target)
    except EdgeImpulseError as error:
        return f"is a {form} that holds no bundle ({error})"
    found = _files_in_archive(target) if is_archive else _files_in_folder(target)
    foreign = next((str(path) for path in found if path not in expected), None)
    return f"is a {form} that holds more than a bundle ({one_line(foreign)})" if foreign else ""


def _files_of_bundle(target: Path) -> frozenset[PurePosixPath]:
    """The files that a bundle consists of, each of which is there."""
    impulse = read_bundle(target).impulse
    networks = impulse.networks if impulse else ()
    files = (name for block in networks for name in block.files)
    return frozenset(map(PurePosixPath, (IMPULSE_FILE, *files)))


def _files_in_archive(target: Path) -> Iterable[PurePosixPath]:
    with zipfile.ZipFile(target) as archive:
        return [PurePosixPath(info.filename) for info in archive.infolist() if not info.is_dir()]


def _files_in_folder(folder: Path) -> Iterable[PurePosixPath]:
    """All that lies in a folder, but for the folders of files that lie deeper."""
    for path in folder.rglob("*"):
        if path.is_symlink() or not path.is_dir() or not any(path.iterdir()):
            yield PurePosixPath(path.relative_to(folder).as_posix())
