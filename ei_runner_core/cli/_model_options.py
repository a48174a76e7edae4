"""Options of commands that look into a C++ export."""

from __future__ import annotations

import click

__all__ = ["impulse_number", "impulse_option", "network_option"]

impulse_option = click.option(
    "--impulse", metavar="ID|NAME", help="Which impulse of an export that holds several."
)
network_option = click.option(
    "--network", metavar="FILE", help="A network file to run in place of the model's own."
)


def impulse_number(choice: str | None) -> int | str | None:
    """What ``--impulse`` names: an id where it is a number, else a name."""
    is_number = choice and choice.isascii() and choice.isdecimal() and len(choice) < 20
    return int(choice) if choice and is_number else choice
