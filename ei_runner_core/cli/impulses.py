"""``ei-runner impulses``: the impulses of a project."""

from __future__ import annotations

import click

from ._output import json_option, print_json
from ._rows import show_rows
from ._studio import key_option, open_studio, project_option

__all__ = ["impulses"]


@click.command(short_help="List the impulses of a project and their variants.")
@project_option
@key_option
@json_option
def impulses(project: str | None, api_key_file: str | None, as_json: bool) -> None:
    """List the impulses of a project, with the variants that each can be built in.

    The default impulse, which is meant when none is named, is marked.
    """
    with open_studio(api_key_file, project) as (studio, known):
        number = studio.own_project() if known is None else known
        found = studio.impulses(number)
        default = (
            studio.default_impulse(number) if len(found) > 1 else found[0].id if found else None
        )
        variants = {i.id: [v.variant for v in studio.variants(number, i.id)] for i in found}
    if as_json:
        print_json(
            [
                {"id": i.id, "name": i.name, "default": i.id == default, "variants": variants[i.id]}
                for i in found
            ]
        )
        return
    rows = [
        (i.id, i.name, "default" if i.id == default else "", ", ".join(variants[i.id]))
        for i in found
    ]
    show_rows(("id", "name", "", "variants"), rows, f"project {number} has no impulse")
