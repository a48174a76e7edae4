"""Entry points of whatever is installed; a distribution with damaged ones is left out."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any, NamedTuple

from ._distributions import installed_distributions
from ._plugin_errors import described

__all__ = ["EntryPoint", "Unreadable", "find_entry_points", "search_entry_points"]

_VALUE = re.compile(r"(?P<module>[\w.]+)\s*(?::\s*(?P<attribute>[\w.]+))?\s*(?:\[.*\])?")


class EntryPoint(NamedTuple):
    """One line of a distribution's entry points, of the group that was asked for.

    ``value`` is ``"package.module"`` or ``"package.module:object"``.
    """

    name: str
    value: str
    distribution: str
    version: str

    @property
    def module(self) -> str:
        """The module that it names."""
        return self.value.partition(":")[0].strip()

    def load(self) -> Any:
        """Import what it names.

        Raises:
            ValueError: the value is malformed.
            Exception: whatever the import raises.
        """
        match = _VALUE.fullmatch(self.value)
        if match is None:
            raise ValueError(f"{self.value!r} is not of the form package.module:object")
        attributes = (match["attribute"] or "").split(".")
        return functools.reduce(getattr, filter(None, attributes), import_module(match["module"]))


class Unreadable(NamedTuple):
    """A distribution whose entry points cannot be read, and why."""

    distribution: str
    reason: str


def find_entry_points(group: str) -> list[EntryPoint]:
    """The entry points of a group, in the order of their names."""
    return search_entry_points(group)[0]


def search_entry_points(group: str) -> tuple[list[EntryPoint], list[Unreadable]]:
    """The entry points of a group, in the order of their names, and what could not be searched."""
    found: list[EntryPoint] = []
    unreadable: list[Unreadable] = []
    for distribution in installed_distributions():
        try:
            pairs = list(_pairs(distribution.entry_points(), group))
        except Exception as error:  # noqa: BLE001 - the file is a stranger's
            reason = f"its entry points cannot be read: {described(error)}"
            unreadable.append(Unreadable(distribution.about()[0], reason))
            continue
        if pairs:
            about = distribution.about()
            found += [EntryPoint(name, value, *about) for name, value in pairs]
    return sorted(found, key=lambda entry: (entry.name, entry.value)), unreadable


def _pairs(text: str, group: str) -> Iterator[tuple[str, str]]:
    """The names and values of a group in a file of entry points."""
    section = ""
    for line in map(str.strip, text.splitlines()):
        if not line or line[0] == "#":
            continue
        if line[0] == "[" and line[-1] == "]":
            section = line[1:-1]
            continue
        name, mark, value = line.partition("=")
        if not mark:
            raise ValueError(f"the line {line!r} is neither [group] nor name = value")
        if section == group:
            yield name.strip(), value.strip()
