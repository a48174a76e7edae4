"""``ei-runner info``: what a model is, and which backend runs it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from ..authoring.commands import (
    backend_option,
    impulse_option,
    network_option,
    options_option,
)
from ._output import json_option, print_json, show

__all__ = ["info"]


@click.command(short_help="Show what a model is and which backend runs it.")
@click.argument("path", metavar="[MODEL]", required=False)
@click.option("-m", "--model", help="A path or an installed model; else EI_MODEL, Studio, ./model.")
@backend_option
@options_option("-o", "--option")
@impulse_option
@network_option
@json_option
def info(
    path: str | None,
    model: str | None,
    backend: str | None,
    options: Mapping[str, Any],
    impulse: int | str | None,
    network: str | None,
    as_json: bool,
) -> None:
    """Show where a model comes from, its input, its blocks, its labels, and what runs it.

    Works without any backend too: then it says which one to install. A backend that is asked for
    and cannot open the model is an error.
    """
    from ._card import card_of

    if path and model:
        raise click.UsageError("name the model once, either as MODEL or with -m")
    card = card_of(path or model or None, backend, options, impulse, network)
    if as_json:
        print_json(card.to_dict())
        return
    from ._rendering import render

    show(render(card))
