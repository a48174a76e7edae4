"""``ei-runner models``: the models from Studio that are kept here."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from ._output import json_option, print_json
from ._studio import show_rows

if TYPE_CHECKING:
    from ..studio import CachedModel

__all__ = ["models"]

_DAY = 24 * 3600.0


@click.group(
    short_help="List the models from Studio that are kept here, or clean up.",
    invoke_without_command=True,
)
@json_option
@click.pass_context
def models(context: click.Context, as_json: bool) -> None:
    """List the models from Studio that are kept here, which need no network to run.

    They lie in the cache folder of the user, or in EI_RUNNER_CACHE.
    """
    if context.invoked_subcommand is not None:
        return
    from ..studio import ModelCache

    kept = ModelCache.find().models()
    if as_json:
        print_json([_document(model) for model in kept])
        return
    columns = ("project", "impulse", "version", "engine", "variant", "target", "size", "last used")
    show_rows(columns, map(_row, kept), "no models are kept here; get one with: ei-runner download")


@models.command(short_help="Remove models that are kept here.")
@click.option("-p", "--project", metavar="ID", help="Only those of this project.")
@click.option("--older-than", metavar="DAYS", type=click.FloatRange(min=0),
              help="Only those that were not used for so many days.")  # fmt: skip
@click.option("--all", "is_all", is_flag=True, help="All of them.")
@json_option
def clean(project: str | None, older_than: float | None, is_all: bool, as_json: bool) -> None:
    """Remove models that are kept here, and what broken downloads have left behind.

    They can be downloaded again. Say which: --project and --older-than narrow it down together.
    """
    if not (is_all or project is not None or older_than is not None):
        raise click.UsageError("say what to remove: --project ID, --older-than DAYS or --all")
    from ..credentials import project_id_of
    from ..studio import ModelCache

    number = None if project is None else project_id_of(project, "--project")
    latest = time.time() - (older_than or 0.0) * _DAY
    cache = ModelCache.find()
    doomed = [
        model
        for model in cache.models()
        if number in (None, model.manifest.project_id)
        and (older_than is None or model.last_used < latest)
    ]
    for model in doomed:
        cache.drop(model)
    cache.sweep(everything=is_all and number is None and older_than is None)
    size = sum(model.manifest.size for model in doomed)
    if as_json:
        print_json({"removed": [_document(model) for model in doomed], "bytes": size})
    else:
        click.echo(f"removed {len(doomed)} models, {_size(size)}")


def _document(model: CachedModel) -> dict[str, Any]:
    about = model.manifest
    return {
        "path": str(model.path),
        "host": about.host,
        "project": about.project_id,
        "impulse": about.impulse_id,
        "impulse_name": about.impulse_name,
        "version": about.version,
        "engine": about.engine,
        "variant": about.variant,
        "target": about.target,
        "form": about.form,
        "bytes": about.size,
        "last_used": _time(model.last_used, "%Y-%m-%dT%H:%M:%SZ"),
    }


def _row(model: CachedModel) -> tuple[object, ...]:
    about = model.manifest
    impulse = f"{about.impulse_id} {about.impulse_name}".strip()
    target = about.target if about.form != "bundle" else f"{about.target} (bundle)"
    return (
        about.project_id, impulse, about.version, about.engine, about.variant or "-", target,
        _size(about.size), _time(model.last_used, "%Y-%m-%d %H:%M"),
    )  # fmt: skip


def _time(seconds: float, form: str) -> str:
    return time.strftime(form, time.gmtime(seconds))


def _size(size: int) -> str:
    amount, unit = float(size), "B"
    for larger in ("kB", "MB", "GB"):
        if amount < 1000:
            break
        amount, unit = amount / 1000, larger
    return f"{amount:.0f} {unit}" if unit == "B" or amount >= 100 else f"{amount:.1f} {unit}"
