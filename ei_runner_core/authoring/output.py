"""What commands of backend packages print, in the way of the built-in ones.

This module imports click, and rich where something is shown in a terminal::

    @click.command()
    @json_option
    def measure(as_json):
        facts = {"speed": 1.0}
        print_json(facts) if as_json else show(fact_table(facts.items()))
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from .._text import printable
from ..cli._output import json_option, plain_table, print_json, show

if TYPE_CHECKING:
    from rich.table import Table

    from ..parameters import ModelParameters

__all__ = [
    "fact_table",
    "json_option",
    "model_facts",
    "plain_table",
    "print_json",
    "printable",
    "show",
]


def fact_table(facts: Iterable[tuple[str, object]]) -> Table:
    """Facts below each other, each with its name; to be given to ``show``."""
    from rich.text import Text

    from .._tables import plain_text

    table = plain_table("", "")
    table.columns[0].no_wrap = True
    for name, fact in facts:
        table.add_row(Text(name, style="dim"), plain_text(fact))
    return table


def model_facts(parameters: ModelParameters) -> Iterator[tuple[str, str]]:
    """What a model says about itself, for people: its project, type, input, labels and so on."""
    from ..cli._rendering import model_facts

    return model_facts(parameters)
