"""``ei-runner convert``: a C++ export as a bundle that every tensor engine opens."""

from __future__ import annotations

import click

from ..authoring.commands import impulse_option, network_option
from ._output import json_option, print_json

__all__ = ["convert"]


@click.command(short_help="Turn a C++ export into a bundle that needs no compiler.")
@click.argument("export", metavar="EXPORT")
@click.argument("bundle", metavar="BUNDLE")
@impulse_option
@network_option
@click.option("--force", is_flag=True, help="Replace the bundle that is at BUNDLE.")
@json_option
def convert(
    export: str,
    bundle: str,
    impulse: int | str | None,
    network: str | None,
    force: bool,
    as_json: bool,
) -> None:
    """Turn a C++ export into a bundle: impulse.json and the network files.

    EXPORT is a C++ library or an Arduino library of Edge Impulse, as folder or zip. It is only
    read: nothing of it is compiled or executed. BUNDLE is the folder to make, or a zip if its name
    ends in .zip.
    """
    from .._text import printable
    from ..impulse.convert import write_bundle
    from ..locate import locate
    from ..reading import read_source

    source = read_source(locate(export), impulse, network)
    written = write_bundle(source, bundle, force=force)
    if as_json:
        print_json({"bundle": str(written)})
    else:
        click.echo(printable(str(written)))
