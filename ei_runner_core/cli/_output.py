"""What goes to stdout: JSON for programs, tables for people."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

__all__ = ["console", "json_option", "plain_table", "print_json", "show", "with_progress"]

PROGRESS_AFTER_SECONDS = 2.0
UNLIMITED = 10_000  # columns: in a file or a pipe nothing is broken to fit, unless COLUMNS says so

Item = TypeVar("Item")

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


def print_json(document: Any) -> None:
    """Print a document as one line of JSON; NaN and infinity, which JSON lacks, become null."""
    try:
        text = json.dumps(document, allow_nan=False)
    except ValueError:
        text = json.dumps(_without_nan(document), allow_nan=False)
    click.echo(text)


def _without_nan(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _without_nan(item) for key, item in value.items()}
    return [_without_nan(item) for item in value] if isinstance(value, (list, tuple)) else value


def console(least_width: int = 0) -> Console:
    """The terminal, or the file or pipe that stdout is; a terminal breaks longer lines itself."""
    from rich.console import Console

    if not _is_terminal(sys.stdout) and not os.environ.get("COLUMNS"):
        return Console(file=sys.stdout, highlight=False, width=UNLIMITED)
    terminal = Console(file=sys.stdout, highlight=False)
    if terminal.width < least_width:  # with a height, as a dumb terminal is else 80 columns wide
        terminal = Console(file=sys.stdout, highlight=False, width=least_width, height=25)
    return terminal


def show(*parts: RenderableType, soft_wrap: bool = False, least_width: int = 0) -> None:
    """Print parts below each other, without the blanks at the ends of lines in a file or pipe.

    With ``least_width`` also on a terminal, which would break lines that are wider than it is.
    """
    terminal = console(least_width)
    if _is_terminal(sys.stdout) and not least_width:
        terminal.print(*parts, sep="\n", soft_wrap=soft_wrap)
        return
    with terminal.capture() as captured:
        terminal.print(*parts, sep="\n", soft_wrap=soft_wrap)
    terminal.file.writelines(f"{line.rstrip()}\n" for line in captured.get().splitlines())
    terminal.file.flush()


def plain_table(*columns: str) -> Table:
    """A table without lines, which is easy to read, to search and to cut."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim", show_header=any(columns))
    for name in columns:
        table.add_column(name, overflow="fold")
    return table


def with_progress(items: Sequence[Item]) -> Iterator[Item]:
    """The items, with a progress bar on stderr once they have taken a while.

    Only where the results go elsewhere: on a terminal they are the progress.
    """
    if len(items) < 2 or not _is_terminal(sys.stderr) or _is_terminal(sys.stdout):
        yield from items
        return
    started = monotonic()
    done = iter(enumerate(items))
    for i, item in done:
        yield item
        if monotonic() - started > PROGRESS_AFTER_SECONDS:
            yield from _with_bar((rest for _, rest in done), i + 1, len(items))


def _with_bar(items: Iterable[Item], completed: int, total: int) -> Iterator[Item]:
    from rich.console import Console
    from rich.progress import Progress

    terminal = Console(stderr=True)
    with Progress(console=terminal, transient=True, redirect_stdout=False) as progress:
        task = progress.add_task("inputs", completed=completed, total=total)
        for item in items:
            yield item
            progress.advance(task)


def _is_terminal(stream: Any) -> bool:
    return stream is not None and bool(stream.isatty())
