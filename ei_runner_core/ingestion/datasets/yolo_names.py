"""The names of the classes of a YOLO data set."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from ..._optional import need
from ...errors import InvalidInputError
from .documents import read_text, shown
from .listing import Listing, split_path
from .walking import suffix_of

__all__ = ["ClassNames", "is_names_file"]

_MAX_BYTES = 1024 * 1024
_YAML = (".yaml", ".yml")
_NAMES = re.compile(r"^['\"]?names['\"]?\s*:", re.MULTILINE)


def is_names_file(listing: Listing, name: str) -> bool:
    """``classes.txt``, ``obj.names`` and the like, or a YAML file with an entry ``names``."""
    if suffix_of(name) in _YAML:
        with listing.path(name).open(encoding="utf-8-sig", errors="replace") as file:
            return bool(_NAMES.search(file.read(_MAX_BYTES)))
    return suffix_of(name) == ".names" or name.rpartition("/")[2].lower() == "classes.txt"


class ClassNames:
    """Labels by number, from the file that lies nearest above what uses them."""

    def __init__(self, listing: Listing) -> None:
        self._listing = listing
        self.files = {name for name in listing.names if is_names_file(listing, name)}
        self._of_folder = cache(self._find)
        self._read = cache(self._read_file)

    def label(self, text: str, index: int, where: str) -> str:
        """The label of a class.

        Args:
            text: the file that uses it.
            index: its number, from 0.
            where: file and position, for messages.

        Raises:
            InvalidInputError: there are no names, or none for this class.
        """
        file = self._of_folder(tuple(split_path(text)[0]))
        if file is None:
            raise InvalidInputError(
                f"{where}: there are no names of classes for it; add a classes.txt with one a line"
            )
        names = self._read(file)
        if index not in names:
            raise InvalidInputError(
                f"{where}: there is no class {index}; {self._listing.shown(file)} has "
                f"{len(names)}, counted from 0"
            )
        return names[index]

    def _find(self, folders: tuple[str, ...]) -> str | None:
        """The file in the nearest folder above; else the first, unless others say otherwise."""
        for depth in range(len(folders), -1, -1):
            here = [name for name in sorted(self.files) if _is_in(name, folders[:depth])]
            if here:
                return here[0]
        files = sorted(self.files)
        if any(self._read(file) != self._read(files[0]) for file in files[1:]):
            raise InvalidInputError(
                f"the files {', '.join(files)} in {shown(self._listing.root)} state different "
                "names of classes; put each above the folder that it is for"
            )
        return files[0] if files else None

    def _read_file(self, name: str) -> dict[int, str]:
        path = self._listing.path(name)
        text = read_text(path, _MAX_BYTES)
        try:
            names = _from_yaml(text) if suffix_of(name) in _YAML else _from_lines(text)
        except ValueError as error:
            raise InvalidInputError(f"{shown(path)}: {error}") from error
        if not names or not all(names.values()):
            raise InvalidInputError(f"{shown(path)}: expected a name for each class, none empty")
        return names


def _is_in(name: str, folders: tuple[str, ...]) -> bool:
    return split_path(name)[0] == list(folders)


def _from_lines(text: str) -> dict[int, str]:
    return {index: line.strip() for index, line in enumerate(text.rstrip().splitlines())}


def _from_yaml(text: str) -> dict[int, str]:
    """The entry ``names``: a list, or names by number.

    Raises:
        ValueError: the text is no YAML, or the entry something else.
    """
    yaml = need("yaml", "reading the class names of a YOLO data set", "datasets")
    try:
        document = yaml.load(text, Loader=yaml.BaseLoader)
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(f"it is no YAML: {' '.join(str(error).split())}") from error
    names: Any = document.get("names") if isinstance(document, dict) else None
    if isinstance(names, list):
        names = dict(enumerate(names))
    if not isinstance(names, dict) or not all(isinstance(name, str) for name in names.values()):
        raise ValueError("names is neither a list of names nor names by number")
    try:
        return {int(index): name for index, name in names.items()}
    except (TypeError, ValueError):
        raise ValueError("names has keys that are no numbers") from None
