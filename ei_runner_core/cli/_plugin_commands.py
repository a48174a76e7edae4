"""Commands that plugins bring: entry points of the group ``ei_runner_commands``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from ..errors import PluginError

if TYPE_CHECKING:
    from .._entry_points import EntryPoint

__all__ = ["COMMAND_GROUP", "load_command", "plugin_commands"]

COMMAND_GROUP = "ei_runner_commands"


def plugin_commands() -> Mapping[str, Sequence[EntryPoint]]:
    """What plugins offer, by name, without what the user blocked; a name may have rivals."""
    from .._entry_points import find_entry_points
    from .._plugin_filter import PluginFilter

    found: dict[str, list[EntryPoint]] = defaultdict(list)
    blocked_by = PluginFilter.from_environment()
    for entry_point in find_entry_points(COMMAND_GROUP):
        if not blocked_by.blocks(entry_point.name, entry_point.distribution):
            found[entry_point.name].append(entry_point)
    return found


def load_command(name: str, offers: Sequence[EntryPoint]) -> click.Command:
    """Import the command that plugins offer under one name.

    Raises:
        PluginError: its import fails, it is not a click command, or two plugins offer it.
    """
    if len(offers) > 1:
        rivals = " and ".join(offer.distribution for offer in offers)
        raise PluginError(
            f"the command {name!r} is offered by {rivals}; block one of them, for example with "
            f"EI_RUNNER_DISABLE={offers[-1].distribution}"
        )
    offer = offers[0]
    try:
        command = offer.load()
    except (Exception, SystemExit) as error:  # a plugin may fail in any way
        raise PluginError(
            f"the command {name!r} of {offer.distribution} cannot be loaded: "
            f"{type(error).__name__}: {error}; reinstall {offer.distribution}, or block it with "
            f"EI_RUNNER_DISABLE={offer.distribution}"
        ) from error
    if not isinstance(command, click.Command):
        raise PluginError(
            f"the command {name!r} of {offer.distribution} is a {type(command).__name__}, "
            f"expected a click command at {offer.value}"
        )
    return command
