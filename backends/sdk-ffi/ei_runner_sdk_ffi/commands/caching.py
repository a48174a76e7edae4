"""``ei-runner cache``: what was built, how much room it takes, and making room."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ei_runner_core.authoring.output import (
    json_option,
    plain_table,
    print_json,
    printable,
    show,
)

from ..build.cache import Cache

if TYPE_CHECKING:
    from ..build.entries import Entry, Sizes

__all__ = ["cache"]

_SECONDS = {"m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
_MIN_KEY = 6


class _ListsByDefault(click.Group):
    """A group whose command is ``list`` where none is typed."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        is_named = args and args[0] != "--json"
        return super().parse_args(ctx, args if is_named else ["list", *args])


@click.group(cls=_ListsByDefault, short_help="List what was built, and make room.")
def cache() -> None:
    """List the models that were built, and make room.

    Without a command it lists. The cache is in EI_RUNNER_CACHE where that is set.
    """


@cache.command("list", short_help="List the models that were built (also without a command).")
@json_option
def show_list(as_json: bool) -> None:
    """List the models that were built, the one that was used last first."""
    from ..build.entries import entries, sizes

    found = Cache.find()
    listed, total = entries(found), sizes(found)
    if as_json:
        rows = [vars(entry) for entry in listed]
        sums = vars(total) | {"total": total.total}
        print_json({"path": str(found.root), "libraries": rows, "sizes": sums})
    else:
        _show(found, listed, total)


@cache.command(short_help="Print where the cache is.")
@json_option
def path(as_json: bool) -> None:
    """Print the folder of the cache."""
    place = str(Cache.find().root)
    if as_json:
        print_json({"path": place})
    else:
        click.echo(printable(place))


@cache.command(short_help="Make room.")
@click.argument("models", nargs=-1, metavar="[MODEL]...")
@click.option("--all", "wants_all", is_flag=True, help="Remove everything.")
@click.option("--older-than", metavar="TIME",
              help="Remove what was not used for so long: 30d, 12h, 2w.")  # fmt: skip
@json_option
def clean(models: Sequence[str], wants_all: bool, older_than: str | None, as_json: bool) -> None:
    """Remove what was built of models, all of it, or what was not used for long.

    MODEL is the path or the name of an export as the list shows it. What is removed is built again
    when it is needed. What other processes build just now is left alone.
    """
    from ..build.entries import clean as remove
    from ..build.entries import entries, is_building

    if (bool(models), wants_all, older_than is not None).count(True) != 1:
        raise click.UsageError("name models, or give --all or --older-than 30d")
    found = Cache.find()
    before = entries(found)
    is_busy = is_building(found)
    if models:
        freed = sum(remove(found, key=key) for key in _keys(models, before))
    else:
        freed = remove(found, older_than=None if older_than is None else _seconds(older_than))
    left = {entry.key for entry in entries(found)}
    _tell([entry for entry in before if entry.key not in left], freed, is_busy, as_json)


def _seconds(text: str) -> float:
    parts = re.fullmatch(r"(\d{1,6})([mhdw])", text.strip())
    if parts is None:
        raise click.UsageError(
            f"--older-than {text!r} is no time, expected a number and m, h, d or w, such as 30d"
        )
    return int(parts[1]) * _SECONDS[parts[2]]


def _keys(models: Sequence[str], listed: Sequence[Entry]) -> dict[str, None]:
    """The keys of all libraries of models, each once.

    Raises:
        InvalidInputError: a model has none.
    """
    from ei_runner_core import InvalidInputError

    keys: dict[str, None] = {}
    for model in models:
        matching = [entry.key for entry in listed if _is_of(entry, model)]
        if not matching:
            names = ", ".join(dict.fromkeys(_name(entry) for entry in listed)) or "none"
            raise InvalidInputError(
                f"the cache holds nothing of {model!r}; it holds models of {names}"
            )
        keys |= dict.fromkeys(matching)
    return keys


def _is_of(entry: Entry, model: str) -> bool:
    path = Path(model).expanduser()
    is_key = len(model) >= _MIN_KEY and entry.key.startswith(model)
    return is_key or model == _name(entry) or entry.model in (str(path.absolute()), model)


def _name(entry: Entry) -> str:
    return Path(entry.model).name


def _show(found: Cache, listed: Sequence[Entry], total: Sizes) -> None:
    from rich.filesize import decimal

    if listed:
        table = plain_table("model", "studio", "target", "network", "size", "last used")
        for entry in listed:
            used = time.strftime("%Y-%m-%d", time.localtime(entry.used))
            cells = (_name(entry), entry.studio or "-", entry.target, entry.network)
            table.add_row(*map(printable, cells), decimal(entry.size), used)
        show(table, "")
    sums = plain_table("", "")
    sums.columns[1].justify = "right"
    for name in ("libraries", "objects", "exports"):
        sums.add_row(name, decimal(getattr(total, name)))
    sums.add_row("total", decimal(total.total))
    show(sums, printable(f"in {found.root}"), soft_wrap=True)


def _tell(removed: Sequence[Entry], freed: int, is_busy: bool, as_json: bool) -> None:
    from rich.filesize import decimal

    if as_json:
        print_json({"removed": [vars(entry) for entry in removed], "freed": freed})
        return
    for entry in removed:
        click.echo(printable(f"removed {entry.model} for {entry.target} ({entry.network})"))
    click.echo(f"{decimal(freed)} freed")
    if is_busy:
        click.echo("another process builds a model: what it may use was left alone")
