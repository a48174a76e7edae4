"""Options of commands that open a model, for the commands of backend packages and for ours.

Each is a decorator of click, and gives its command a value that ``EdgeImpulseModel`` takes::

    @click.command()
    @click.argument("model")
    @backend_option
    @options_option("-o", "--option")
    def measure(model, backend, options): ...

This module imports click, which the rest of ``ei_runner_core.authoring`` does without.
"""

from __future__ import annotations

import json
from ast import literal_eval
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

import click

__all__ = ["backend_option", "impulse_option", "network_option", "options_option"]

_OPTIONS_HELP = (
    "An option of the backend; can be repeated. The value may be JSON: "
    """num_threads=2, delegates='["a.so"]'."""
)

_PYTHON = ("True", "False", "None", "{", "[", "(", "'")

Command = TypeVar("Command", bound=Callable[..., Any])


def backend_option(command: Command) -> Command:
    """``--backend NAME``: the argument ``backend``, a name or ``None``."""
    add = click.option(
        "--backend", metavar="NAME", help="The backend; else EI_BACKEND, else chosen."
    )
    return add(command)


def options_option(*names: str, text: str = "") -> Callable[[Command], Command]:
    """``--option KEY=VALUE``: the argument ``options``, a mapping from names to values.

    Values are read as JSON where they are that (2, true), or as Python writes them (True,
    {'x': [1, 6]}), else as text.

    Args:
        names: what the option is called, such as ``"-o"`` and ``"--option"``.
        text: its help, where it is not for an option of any backend.
    """
    return click.option(
        *names, "options", multiple=True, metavar="KEY=VALUE", callback=_parsed,
        help=text or _OPTIONS_HELP,
    )  # fmt: skip


def impulse_option(command: Command) -> Command:
    """``--impulse ID|NAME``: the argument ``impulse``, a number, a name or ``None``."""
    add = click.option(
        "--impulse", metavar="ID|NAME", callback=_id_or_name,
        help="Which impulse of an export that holds several.",
    )  # fmt: skip
    return add(command)


def network_option(command: Command) -> Command:
    """``--network FILE``: the argument ``network``, a path or ``None``."""
    add = click.option(
        "--network", metavar="FILE", help="A network file to run in place of the model's own."
    )
    return add(command)


def _parsed(
    _context: click.Context, _parameter: click.Parameter, pairs: Sequence[str]
) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not (name and equals):
            raise click.UsageError(f"--option {pair!r} is not KEY=VALUE, such as num_threads=2")
        options[name] = _value(text)
    return options


def _value(text: str) -> Any:
    """What JSON or Python reads in a text, else the text."""
    for read in (json.loads, literal_eval) if text.startswith(_PYTHON) else (json.loads,):
        with suppress(ValueError, SyntaxError, RecursionError, MemoryError):
            return read(text)
    return text


def _id_or_name(
    _context: click.Context, _parameter: click.Parameter, choice: str | None
) -> int | str | None:
    is_number = choice and choice.isascii() and choice.isdecimal() and len(choice) < 20
    return int(choice) if choice and is_number else choice
