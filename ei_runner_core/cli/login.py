"""``ei-runner login`` and ``ei-runner logout``: an API key that need not be given each time."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from ..errors import InvalidInputError
from ._output import json_option, print_json

if TYPE_CHECKING:
    from .._http import Secret
    from ..credentials.checking import Project

__all__ = ["login", "logout"]


@click.command(short_help="Remember an API key of Edge Impulse Studio.")
@click.option("--api-key-file", metavar="FILE",
              help="A file that holds the key; else it is asked for.")  # fmt: skip
@click.option("-p", "--project", metavar="ID",
              help="The project to use where the key opens several.")  # fmt: skip
@json_option
def login(api_key_file: str | None, project: str | None, as_json: bool) -> None:
    """Check an API key with Studio and remember it, in a file that only you can read.

    The key is asked for, or read from stdin where that is no terminal; EI_API_KEY is not looked at.
    The other commands use this login unless --api-key-file or EI_API_KEY gives them a key. EI_HOST
    names another Studio.
    """
    from .._http import Hosts
    from .._text import one_line, printable
    from ..credentials import Login, project_id_of, remember_login
    from ..credentials.checking import projects_of

    wanted = None if project is None else project_id_of(project, "--project")
    hosts = Hosts.find()
    key = _read_key(api_key_file)
    projects = projects_of(key, hosts)
    chosen = _choose(projects, wanted)
    path = remember_login(hosts.studio, Login(key, chosen.id))
    if as_json:
        found = {"id": chosen.id, "name": chosen.name}
        print_json({"studio": hosts.studio, "project": found, "file": str(path)})
    else:
        click.echo(f"logged in to {hosts.studio}, project {one_line(str(chosen))}")
        click.echo(f"the key is in {printable(str(path))}")


@click.command(short_help="Forget the API key of ei-runner login.")
@json_option
def logout(as_json: bool) -> None:
    """Forget the API key of ei-runner login for the Studio in use."""
    from .._http import Hosts
    from ..credentials import forget_login

    studio = Hosts.find().studio
    was_there = forget_login(studio)
    if as_json:
        print_json({"studio": studio, "was_logged_in": was_there})
    else:
        click.echo(f"logged out of {studio}" if was_there else f"there is no login for {studio}")


def _read_key(path: str | None) -> Secret:
    from ..credentials import api_key_of, read_key_file

    if path is not None:
        return read_key_file(path)
    if _is_interactive():
        text = click.prompt("API key (Studio, Dashboard, Keys)", hide_input=True, err=True)
        return api_key_of(text, "what was typed")
    return api_key_of(sys.stdin.readline() if sys.stdin is not None else "", "stdin")


def _choose(projects: tuple[Project, ...], wanted: int | None) -> Project:
    from ..credentials.checking import named, project_of

    if wanted is not None:
        return project_of(projects, wanted)
    if len(projects) == 1:
        return projects[0]
    if _is_interactive():
        return project_of(projects, _ask_for_one(projects))
    raise InvalidInputError(
        f"the API key opens {len(projects)} projects, say which with --project (-p): "
        f"{named(projects)}"
    )


def _ask_for_one(projects: tuple[Project, ...]) -> int:
    from .._text import one_line
    from ..credentials import project_id_of

    for project in projects:
        click.echo(f"  {one_line(str(project))}", err=True)
    return project_id_of(click.prompt("Project id", err=True), "what was typed")


def _is_interactive() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()
