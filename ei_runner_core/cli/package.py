"""``ei-runner package``: a model as a wheel that pip installs."""

from __future__ import annotations

import click

from ._output import json_option, print_json

__all__ = ["package"]


@click.command(short_help="Make a wheel of a model, to install it by name.")
@click.argument("model", metavar="MODEL")
@click.option("--name", metavar="NAME", required=True,
              help="The name of the model and of the package.")  # fmt: skip
@click.option("--version", metavar="VERSION", default="1.0", show_default=True,
              help="The version of the package.")  # fmt: skip
@click.option("--backend", metavar="NAME",
              help="A backend of ei-runner to install with it; else none.")  # fmt: skip
@click.option("-o", "--output", metavar="FOLDER", default=".", show_default=True,
              help="Where the wheel goes.")  # fmt: skip
@click.option("--force", is_flag=True, help="Replace a wheel of that name and version.")
@json_option
def package(
    model: str,
    name: str,
    version: str,
    backend: str | None,
    output: str,
    force: bool,
    as_json: bool,
) -> None:
    """Make a wheel of a bundle or of a network file.

    Where it is installed, NAME opens the model: ei-runner run -m NAME. Only impulse.json and the
    files that it names go in.
    """
    from .._text import printable
    from ..packaging import package_model
    from ._opening import without_native_chatter

    with without_native_chatter():
        wheel = package_model(
            model, name, version=version, backend=backend, folder=output, force=force
        )
    if as_json:
        print_json({"wheel": str(wheel)})
    else:
        click.echo(printable(str(wheel)))
