"""Built libraries: models that are shared libraries."""

from __future__ import annotations

from pathlib import Path

from .contract import ModelSource
from .errors import ModelFormatError

__all__ = ["LIBRARY_SUFFIXES", "library_source"]

LIBRARY_SUFFIXES = (".so", ".dylib")
_KINDS = {"program": "a program", "object": "an object file"}


def library_source(path: Path) -> ModelSource:
    """The model that a file with one of ``LIBRARY_SUFFIXES`` is, if its head says so too."""
    from .authoring.native_files import Content, Damaged, read_native_file

    try:
        with path.open("rb") as file:
            found = read_native_file(Content(file))
        damage = found.damage if found else ""
    except Damaged as error:
        found, damage = None, str(error)
    if damage:
        raise ModelFormatError(f"the library {path} is damaged: {damage}; build it again")
    if found is None or found.kind != "library":
        what = _KINDS[found.kind] if found else "none"
        raise ModelFormatError(
            f"{path} has the name of a shared library and is {what}; expected one that "
            "ei-runner build has made"
        )
    return ModelSource(path, "library")
