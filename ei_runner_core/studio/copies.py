"""Copies of models outside of the cache, where the user wants them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from .._text import one_line
from ..errors import EdgeImpulseError, InvalidInputError
from .cache import remove
from .entries import CachedModel

__all__ = ["copy_model"]


def copy_model(model: CachedModel, folder: Path) -> Path:
    """Copy a model; it appears at once, when it is complete.

    Args:
        model: the model in the cache.
        folder: where it goes, below a name of its own; or the file, if it ends in ``.eim``.

    Returns:
        The path of the copy.

    Raises:
        InvalidInputError: it cannot be written, or something else is there.
    """
    target = _target(model, folder.expanduser())
    try:
        if target.exists() and not _may_replace(target, model):
            raise InvalidInputError(
                f"{one_line(str(target))} is there already and is something else; remove it, or "
                "name another folder"
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        _copy(model.path, target)
    except EdgeImpulseError:  # some of them are OSErrors too
        raise
    except (OSError, shutil.Error) as error:
        why = getattr(error, "strerror", None) or error
        raise InvalidInputError(f"cannot write {one_line(str(target))}: {why}") from error
    return target


def _target(model: CachedModel, folder: Path) -> Path:
    about = model.manifest
    is_program = about.form == "eim"
    if is_program and folder.suffix.lower() == ".eim" and not folder.is_dir():
        return folder
    ending = {"eim": ".eim", "bundle": "-bundle"}.get(about.form, "")
    return folder / f"project-{about.project_id}-v{about.version}{ending}"


def _may_replace(target: Path, model: CachedModel) -> bool:
    """Whether there is a model of the same kind, as from a download before."""
    if model.path.is_file():
        return target.is_file()
    marks = ("impulse.json", "model-parameters", "src/model-parameters")
    return target.is_dir() and any((target / mark).exists() for mark in marks)


def _copy(model: Path, target: Path) -> None:
    beside = target.with_name(f".{os.urandom(8).hex()}.tmp")
    old = target.with_name(f".{os.urandom(8).hex()}.old")
    try:
        if model.is_file():
            shutil.copy2(model, beside)
            beside.replace(target)
            return
        shutil.copytree(model, beside)
        if target.exists():
            target.rename(old)
        beside.rename(target)
    finally:
        remove(beside)
        remove(old)
