"""``ei-runner projects``: the projects that a key gives access to."""

from __future__ import annotations

import click

from ._output import json_option, print_json
from ._rows import show_rows
from ._studio import key_option, open_studio

__all__ = ["projects"]


@click.command(short_help="List the projects that your API key opens.")
@key_option
@json_option
def projects(api_key_file: str | None, as_json: bool) -> None:
    """List the projects in Edge Impulse Studio that your API key opens."""
    with open_studio(api_key_file, None) as (studio, _):
        found = studio.projects()
    if as_json:
        print_json([{"id": p.id, "name": p.name, "owner": p.owner} for p in found])
        return
    rows = [(p.id, p.name, p.owner) for p in found]
    show_rows(("id", "name", "owner"), rows, "the key opens no project")
