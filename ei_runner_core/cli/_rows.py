"""Rows of names and numbers: lines are broken between words, never within one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import click

from ._output import console, plain_table, show

__all__ = ["show_rows"]

_GAP = 2  # blanks between two columns


def show_rows(columns: Sequence[str], rows: Iterable[Sequence[object]], none: str) -> None:
    """Show a table, or a line if it has no rows; in a file or pipe each row is one line."""
    from .._tables import plain_text
    from .._text import printable

    texts = [[printable(str(cell)) for cell in row] for row in rows]
    if not texts:
        click.echo(none, err=True)
        return
    widths = _widths([columns, *texts], console().width)
    table = plain_table(*columns)
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    for row in texts:
        table.add_row(*map(plain_text, row))
    show(table, least_width=_total(widths))


def _widths(rows: Sequence[Sequence[str]], available: int) -> list[int]:
    """The widths of the columns: the widest ones give way, each down to its longest word."""
    from rich.cells import cell_len

    columns = list(zip(*rows, strict=True))
    widths = [max(map(cell_len, column)) for column in columns]
    least = [
        max(cell_len(w) for text in column for w in (text.split() or [""])) for column in columns
    ]
    while _total(widths) > available:
        wide = [i for i, width in enumerate(widths) if width > least[i]]
        if not wide:
            break
        widths[max(wide, key=widths.__getitem__)] -= 1
    return widths


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + _GAP * len(widths)
