"""Commands that plugins bring: entry points of the group ``ei_runner_commands``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from ..errors import PluginError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["COMMAND_GROUP", "PluginCommand", "load_command", "plugin_commands"]

COMMAND_GROUP = "ei_runner_commands"


@dataclass(frozen=True)
class PluginCommand:
    """A command that was found and not yet imported."""

    entry_point: EntryPoint
    distribution: str

    @property
    def origin(self) -> str:
        """The distribution, or the module where that is not known."""
        return self.distribution or self.entry_point.module


def plugin_commands() -> Mapping[str, Sequence[PluginCommand]]:
    """What plugins offer, by name, without what the user blocked; a name may have rivals."""
    from .._entry_points import find_entry_points
    from ..plugins import PluginFilter

    found: dict[str, list[PluginCommand]] = defaultdict(list)
    blocked_by = PluginFilter.from_environment()
    for entry_point in find_entry_points(COMMAND_GROUP):
        distribution = entry_point.dist.name if entry_point.dist else ""
        if not blocked_by.blocks(entry_point.name, distribution):
            found[entry_point.name].append(PluginCommand(entry_point, distribution))
    return found


def load_command(name: str, offers: Sequence[PluginCommand]) -> click.Command:
    """Import the command that plugins offer under one name.

    Raises:
        PluginError: its import fails, it is not a click command, or two plugins offer it.
    """
    if len(offers) > 1:
        rivals = " and ".join(offer.origin for offer in offers)
        raise PluginError(
            f"the command {name!r} is offered by {rivals}; block one of them, for example with "
            f"EI_RUNNER_DISABLE={offers[-1].origin}"
        )
    offer = offers[0]
    try:
        command = offer.entry_point.load()
    except (Exception, SystemExit) as error:  # a plugin may fail in any way
        raise PluginError(
            f"the command {name!r} of {offer.origin} cannot be loaded: "
            f"{type(error).__name__}: {error}; reinstall {offer.origin}, or block it with "
            f"EI_RUNNER_DISABLE={offer.origin}"
        ) from error
    if not isinstance(command, click.Command):
        raise PluginError(
            f"the command {name!r} of {offer.origin} is a {type(command).__name__}, expected a "
            f"click command at {offer.entry_point.value}"
        )
    return command
