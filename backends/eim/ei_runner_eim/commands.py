"""``ei-runner eim``: any model as an ``.eim``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from ei_runner_core.authoring.commands import (
    backend_option,
    impulse_option,
    network_option,
    options_option,
)

if TYPE_CHECKING:
    from ei_runner_core import EdgeImpulseModel

__all__ = ["eim"]


@click.group(short_help="Let any model be an .eim.")
def eim() -> None:
    """Let any model be an .eim: serve it, or make a file that serves itself."""


@eim.command(short_help="Serve a model as an .eim does.")
@click.argument("model", metavar="MODEL")
@backend_option
@options_option("-o", "--option")
@impulse_option
@network_option
@click.argument("target", metavar="SOCKET|stdin", required=False)
@click.option("--print-info", "wants_info", is_flag=True, help="Only print what the model is.")
@click.option("--keep", is_flag=True, help="Serve one client after the other; else exactly one.")
@click.option("--no-shared-memory", is_flag=True, help="Offer no shared memory to clients.")
@click.pass_context
def serve(
    context: click.Context,
    model: str,
    target: str | None,
    backend: str | None,
    options: Mapping[str, Any],
    impulse: int | str | None,
    network: str | None,
    wants_info: bool,
    keep: bool,
    no_shared_memory: bool,
) -> None:
    """Serve a model in the protocol of .eim executables, on any backend.

    Clients connect to the Unix socket at SOCKET, or speak over stdin and stdout. It ends when its
    client goes, with the exit code 0.

    Models with several axes take streams too: a slice has slice_size values for each axis.
    """
    from .serving.server import print_info
    from .serving.server import serve as serve_model

    if wants_info == (target is not None):
        raise click.UsageError("give the path of a socket, stdin or --print-info")
    opener = partial(_open, model, backend, options, impulse, network)
    if target is None:
        context.exit(print_info(opener, shared_memory=not no_shared_memory))
    context.exit(serve_model(opener, target, keep=keep, shared_memory=not no_shared_memory))


def _open(
    model: str,
    backend: str | None,
    options: Mapping[str, Any],
    impulse: int | str | None,
    network: str | None,
) -> EdgeImpulseModel:
    from ei_runner_core import EdgeImpulseModel

    return EdgeImpulseModel(
        model, backend=backend, options=options, impulse=impulse, network=network
    )


@eim.command(short_help="Make a file of a model that serves itself.")
@click.argument("model", metavar="MODEL")
@backend_option
@options_option("--option")
@impulse_option
@network_option
@click.option("-o", "--output", metavar="FILE", required=True, help="The file to make: out.eim.")
@click.option("--force", is_flag=True, help="Replace the file that is at FILE.")
def package(
    model: str,
    backend: str | None,
    options: Mapping[str, Any],
    impulse: int | str | None,
    network: str | None,
    output: str,
    force: bool,
) -> None:
    """Make one executable file of a model, which whoever runs .eim files can run.

    It needs Python with ei-runner, this distribution and a backend where it is started.
    """
    from .serving.archive import package_model

    written = package_model(
        model,
        output,
        backend=backend,
        options=options,
        impulse=impulse,
        network=network,
        force=force,
    )
    click.echo(str(written))
