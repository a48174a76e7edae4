"""``ei-runner download``: a model from Studio."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING, Any

import click

from ..authoring.commands import backend_option
from ._output import json_option, print_json
from ._signals import ending_like_ctrl_c
from ._studio import impulse_option, key_option, project_option

if TYPE_CHECKING:
    from ..studio import DownloadedModel

__all__ = ["download"]


@click.command(short_help="Get a model from Studio, building it there if need be.")
@project_option
@impulse_option
@click.option("--variant", metavar="NAME", help="int8, float32 or another one of the impulse.")
@click.option("--engine", metavar="NAME",
              help="Such as tflite or tflite-eon; else EI_ENGINE, else chosen.")  # fmt: skip
@click.option("--target", metavar="NAME",
              help="What to build for; else chosen. See: ei-runner targets.")  # fmt: skip
@click.option("--form", type=click.Choice(["auto", "library", "eim", "bundle"]), default="auto",
              show_default=True, help="A C++ library, a program, or networks as data.")  # fmt: skip
@backend_option
@click.option("--version", metavar="NUMBER", type=click.IntRange(min=1),
              help="A certain build; found without a network if it is here.")  # fmt: skip
@click.option("-o", "--output", metavar="FOLDER",
              help="Put a copy there; a path that ends in .eim names the file.")  # fmt: skip
@click.option("--refresh", is_flag=True, help="Build anew, even if nothing has changed.")
@click.option("--offline", is_flag=True, help="Use what is here, do not ask Studio.")
@click.option("--timeout", metavar="SECONDS", type=click.FloatRange(min=0, min_open=True),
              default=1800.0, show_default=True,
              help="How long it may take; a build that is not done is cancelled.")  # fmt: skip
@key_option
@json_option
def download(project: str | None, output: str | None, as_json: bool, **choices: Any) -> None:
    """Get a model from a project in Edge Impulse Studio, and print where it is.

    What you leave open is chosen: the default impulse, the form that your backends run best, the
    target for this machine. A build that is there is used, else Studio builds one. Models are kept:
    see ei-runner models. EI_PROJECT_ID and EI_API_KEY alone let ei-runner run find the model too.
    """
    from ..studio import download as download_model
    from ..studio.showing import ShownProgress

    with ending_like_ctrl_c(), ShownProgress(None if as_json else sys.stderr) as shown:
        model = download_model(project, folder=output, on_progress=shown, **choices)
    if as_json:
        print_json(_document(model))
        return
    _show(model)


def _run_hint(model: DownloadedModel) -> str:
    return f"ei-runner run -m {shlex.quote(str(model.path))} INPUT"


def _document(model: DownloadedModel) -> dict[str, Any]:
    return {
        "path": str(model.path),
        "project": model.project_id,
        "impulse": model.impulse_id,
        "version": model.version,
        "variant": model.variant,
        "engine": model.engine,
        "target": model.target,
        "form": model.form,
        "cached": model.was_cached,
        "run": _run_hint(model),
    }


def _show(model: DownloadedModel) -> None:
    from .._text import printable

    origin = "was there already" if model.was_cached else "downloaded"
    what = ", ".join(filter(None, (model.target, model.engine, model.variant)))
    click.echo(printable(str(model.path)))
    click.echo(
        f"version {model.version} of project {model.project_id}, impulse {model.impulse_id} "
        f"({what}), {origin}; run it with: {printable(_run_hint(model))}",
        err=True,
    )
