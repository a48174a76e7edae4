"""``ei-runner compile``: the networks of a model, compiled ahead of time."""

from __future__ import annotations

from typing import Any

import click

from ..authoring.commands import impulse_option, network_option, options_option
from ._output import json_option, print_json

__all__ = ["compile_networks"]


@click.command("compile", short_help="Compile a model's networks for an engine, ahead of time.")
@click.argument("model", metavar="MODEL")
@click.option("--backend", metavar="NAME", required=True,
              help="The backend that compiles, such as tvm, and that runs the result.")  # fmt: skip
@click.option("--target", metavar="PLATFORM", default="",
              help="What shall run it, such as linux-aarch64; else this machine.")  # fmt: skip
@click.option("-o", "--output", metavar="PATH", help="Where it goes; else beside you.")
@options_option("--option")
@impulse_option
@network_option
@click.option("--force", is_flag=True, help="Replace what was compiled before.")
@json_option
def compile_networks(
    model: str,
    backend: str,
    target: str,
    output: str | None,
    options: dict[str, Any],
    impulse: int | str | None,
    network: str | None,
    force: bool,
    as_json: bool,
) -> None:
    """Compile the networks of a model for an engine that compiles, and write the model with them.

    MODEL is a network file, a bundle or a C++ export. A network file becomes a file, anything else
    a bundle, which ei-runner run takes as any other model.
    """
    _check_output(output)
    from .._text import printable
    from ..compiling import compile_model
    from ._opening import without_native_chatter

    with without_native_chatter():
        written = compile_model(
            model, output, backend=backend, target=target, options=options, impulse=impulse,
            network=network, force=force,
        )  # fmt: skip
    if as_json:
        print_json({"model": str(written), "backend": backend, "target": target or None})
    else:
        click.echo(printable(str(written)))


def _check_output(output: str | None) -> None:
    """In other commands ``-o`` is an option of the backend."""
    if output and "=" in output and "/" not in output:
        raise click.UsageError(
            f"-o names the output here, and {output!r} looks like an option of the backend: write "
            f"--option {output}, or -o ./{output} for a file of that name"
        )
