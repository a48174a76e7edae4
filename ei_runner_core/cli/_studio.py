"""What the commands that ask Studio have in common."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from ..studio.api import Studio

__all__ = ["impulse_option", "key_option", "open_studio", "project_option"]

_SECONDS = 120.0

Command = TypeVar("Command", bound=Callable[..., Any])


def project_option(command: Command) -> Command:
    """``-p, --project ID``: the argument ``project``, a text or ``None``."""
    add = click.option(
        "-p",
        "--project",
        metavar="ID",
        help="The project; else EI_PROJECT_ID, else that of the key.",
    )
    return add(command)


def impulse_option(command: Command) -> Command:
    """``--impulse ID|NAME``: the argument ``impulse``, a text or ``None``."""
    add = click.option(
        "--impulse", metavar="ID|NAME", help="The impulse; else the default one of the project."
    )
    return add(command)


def key_option(command: Command) -> Command:
    """``--api-key-file FILE``: the argument ``api_key_file``, a path or ``None``."""
    add = click.option(
        "--api-key-file", metavar="FILE",
        help="A file with the API key; else EI_API_KEY, else that of ei-runner login.",
    )  # fmt: skip
    return add(command)


@contextmanager
def open_studio(
    api_key_file: str | None, project: str | None
) -> Iterator[tuple[Studio, int | None]]:
    """A client of Studio, and the project if one is named."""
    from .._http import Hosts
    from ..credentials import find_credentials
    from ..studio.api import Studio

    found = find_credentials(None, api_key_file, project)
    deadline = time.monotonic() + _SECONDS
    with Studio(Hosts.find().studio, found.api_key, deadline=deadline) as studio:
        yield studio, found.project_id
