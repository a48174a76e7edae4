"""Entry points of whatever is installed; a distribution with damaged metadata is left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, EntryPoint, distributions, entry_points
from typing import NamedTuple

from ._plugin_errors import described
from ._plugin_filter import normal_name

__all__ = ["Unreadable", "find_entry_points", "search_entry_points"]


class Unreadable(NamedTuple):
    """A distribution whose entry points cannot be read, and why."""

    distribution: str
    reason: str


def find_entry_points(group: str) -> list[EntryPoint]:
    """The entry points of a group, in the order of their names."""
    return search_entry_points(group)[0]


def search_entry_points(group: str) -> tuple[list[EntryPoint], list[Unreadable]]:
    """The entry points of a group, in the order of their names, and what could not be searched."""
    unreadable: list[Unreadable] = []
    try:
        found: Iterable[EntryPoint] = entry_points(group=group)
    except Exception:  # noqa: BLE001 - one damaged file is enough to make it fail in any way
        found = [entry for entry in _each_on_its_own(unreadable) if entry.group == group]
    return sorted(found, key=lambda entry: (entry.name, entry.value)), unreadable


def _each_on_its_own(unreadable: list[Unreadable]) -> Iterator[EntryPoint]:
    """As :func:`importlib.metadata.entry_points` does: the first of a name on the path counts."""
    seen = set()
    for distribution in distributions():
        name = _name_of(distribution)
        if normal_name(name) in seen:
            continue
        seen.add(normal_name(name))
        entries = _entries(distribution)
        if isinstance(entries, str):
            unreadable.append(Unreadable(name, f"its entry points cannot be read: {entries}"))
        else:
            yield from entries


def _entries(distribution: Distribution) -> list[EntryPoint] | str:
    """What a distribution offers, or what is wrong with it."""
    try:
        return list(distribution.entry_points)
    except Exception as error:  # noqa: BLE001 - the file is a stranger's
        return described(error)


def _name_of(distribution: Distribution) -> str:
    try:
        return distribution.metadata["Name"] or "a distribution without a name"
    except Exception:  # noqa: BLE001 - its metadata may be damaged too
        return "a distribution without a name"
