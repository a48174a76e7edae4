"""What is installed, as far as finding plugins needs it.

``importlib.metadata`` does this for everybody, and costs some 30 ms on the way to every model: it
imports the e-mail package, sockets and zip files, and reads all metadata. Here the folders of
``sys.path`` are listed and only the small files with entry points are read. Whatever is not a plain
folder, such as an egg or a finder of somebody's own, is still left to ``importlib.metadata``.
"""

from __future__ import annotations

import os
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING

from ._plugin_filter import normal_name

if TYPE_CHECKING:
    import importlib.metadata

__all__ = ["Distribution", "installed_distributions"]

_ENTRY_POINTS = "entry_points.txt"
_METADATA = {".dist-info": "METADATA", ".egg-info": "PKG-INFO"}
_NAMELESS = "a distribution without a name"


class Distribution(ABC):
    """One installed distribution. ``key`` is its normal name; an empty one is nobody's."""

    key: str

    @abstractmethod
    def entry_points(self) -> str:
        """The text of its file of entry points; empty if it has none.

        Raises:
            Exception: the file cannot be read.
        """

    @abstractmethod
    def about(self) -> tuple[str, str]:
        """Its name and version."""


class _InFolder(Distribution):
    """A distribution whose metadata are in a folder on the path."""

    def __init__(self, folder: str, stem: str, metadata: str) -> None:
        self._folder = folder
        self._stem = stem
        self._metadata = metadata
        self.key = normal_name(stem.partition("-")[0])

    def entry_points(self) -> str:
        try:
            with open(f"{self._folder}/{_ENTRY_POINTS}", "rb", buffering=0) as file:  # noqa: PTH123 - hot path
                return file.read().decode()
        except (FileNotFoundError, NotADirectoryError):
            return ""

    def about(self) -> tuple[str, str]:
        name, _, version = self._stem.partition("-")
        try:
            with open(f"{self._folder}/{self._metadata}", encoding="utf-8") as file:  # noqa: PTH123
                fields = dict(_header(file))
        except (OSError, UnicodeError):
            fields = {}
        return fields.get("name") or name, fields.get("version") or version


def _header(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        name, mark, value = line.partition(":")
        if not mark:  # the empty line before the description
            return
        yield name.lower(), value.strip()


class _Elsewhere(Distribution):
    """A distribution that only ``importlib.metadata`` can look into."""

    def __init__(self, found: importlib.metadata.Distribution) -> None:
        self._found = found
        self.key = normal_name(self.about()[0])

    def entry_points(self) -> str:
        return self._found.read_text(_ENTRY_POINTS) or ""

    def about(self) -> tuple[str, str]:
        try:
            return self._found.metadata["Name"] or _NAMELESS, self._found.version or ""
        except Exception:  # noqa: BLE001 - its metadata may be damaged in any way
            return _NAMELESS, ""


def installed_distributions() -> Iterator[Distribution]:
    """All that is installed; the first of a name on the path counts."""
    seen = set()
    for distribution in _in_folders() if _are_plain(sys.path) else _elsewhere():
        if distribution.key not in seen:
            seen.add(distribution.key)
            yield distribution


def _are_plain(path: Iterable[str]) -> bool:
    """Whether looking into the folders of the path finds everything."""
    finders = (f for f in sys.meta_path if f is not PathFinder)
    if any(hasattr(finder, "find_distributions") for finder in finders):
        return False
    return not any(place.endswith(".egg") or os.path.isfile(place) for place in path)  # noqa: PTH113


def _in_folders() -> Iterator[Distribution]:
    for place in sys.path:
        for name in _listed(place or "."):
            stem, dot, kind = name.rpartition(".")
            if metadata := _METADATA.get(dot + kind):
                yield _InFolder(f"{place or '.'}/{name}", stem, metadata)


def _listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208 - hot path
    except OSError:  # an entry of the path may lead nowhere
        return []


def _elsewhere() -> Iterator[Distribution]:
    from importlib.metadata import distributions

    return map(_Elsewhere, distributions())
