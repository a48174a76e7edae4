"""``ei-runner models``: the models from Studio that are kept here."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from ._output import json_option, print_json
from ._rows import show_rows

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from ..studio import CachedModel, Manifest

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
    columns = ("project", "impulse", "version", "engine", "variant", "target", "size", "used")
    show_rows(columns, map(_row, kept), "no models are kept here; get one with: ei-runner download")


@models.command(short_help="Remove models that are kept here.")
@click.option("-p", "--project", metavar="ID", help="Only those of this project.")
@click.option("--version", metavar="NUMBER", type=click.IntRange(min=1),
              help="Only those of this build.")  # fmt: skip
@click.option("--older-than", metavar="DAYS", type=click.FloatRange(min=0),
              help="Only those that were not used for so many days.")  # fmt: skip
@click.option("--keep-newest", is_flag=True,
              help="Not the newest build of each kind of model.")  # fmt: skip
@click.option("--all", "is_all", is_flag=True, help="All of them.")
@json_option
def clean(
    project: str | None,
    version: int | None,
    older_than: float | None,
    keep_newest: bool,
    is_all: bool,
    as_json: bool,
) -> None:
    """Remove models that are kept here, and what broken downloads have left behind.

    They can be downloaded again. Say which: several options narrow it down together. --keep-newest
    keeps, of each impulse, the newest build in each form, engine, variant and target.
    """
    wishes = project, version, older_than
    is_narrowed = keep_newest or any(wish is not None for wish in wishes)
    if not (is_all or is_narrowed):
        raise click.UsageError(
            "say what to remove: --project ID, --version NUMBER, --older-than DAYS, --keep-newest "
            "or --all"
        )
    from ..credentials import project_id_of
    from ..studio import ModelCache

    number = None if project is None else project_id_of(project, "--project")
    latest = time.time() - (older_than or 0.0) * _DAY
    cache = ModelCache.find()
    kept = cache.models()
    newest = _newest_of_each_kind(kept) if keep_newest else set()
    doomed = [
        model
        for model in kept
        if number in (None, model.manifest.project_id)
        and version in (None, model.manifest.version)
        and (older_than is None or model.last_used < latest)
        and model.folder not in newest
    ]
    for model in doomed:
        cache.drop(model)
    cache.sweep(everything=is_all and not is_narrowed)
    size = sum(model.manifest.size for model in doomed)
    if as_json:
        print_json({"removed": [_document(model) for model in doomed], "bytes": size})
    else:
        click.echo(f"removed {len(doomed)} models, {_size(size)}")


def _newest_of_each_kind(kept: Iterable[CachedModel]) -> set[Path]:
    """The folders of the models that differ from others in more than an older version."""
    newest: dict[tuple[object, ...], CachedModel] = {}
    for model in kept:
        about = model.manifest
        kind = (
            about.host, about.project_id, about.impulse_id, about.form, about.engine,
            about.variant, about.target,
        )  # fmt: skip
        if kind not in newest or newest[kind].manifest.version < about.version:
            newest[kind] = model
    return {model.folder for model in newest.values()}


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
        "last_used": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(model.last_used)),
    }


def _row(model: CachedModel) -> tuple[object, ...]:
    about = model.manifest
    target = about.target if about.form != "bundle" else f"{about.target} (bundle)"
    return (
        about.project_id, _impulse(about), about.version, about.engine, about.variant or "-",
        target, _size(about.size), _days_ago(model.last_used),
    )  # fmt: skip


def _impulse(about: Manifest) -> str:
    """The id, and the name where it says more than the one that Studio gives."""
    name = "" if about.impulse_name == f"Impulse #{about.impulse_id}" else about.impulse_name
    return f"{about.impulse_id} {name}".strip()


def _days_ago(seconds: float) -> str:
    """How long ago that was, in the unit of ``--older-than``."""
    days = int((time.time() - seconds) / _DAY)
    return f"{days} d ago" if days > 0 else "today"


def _size(size: int) -> str:
    amount, unit = float(size), "B"
    for larger in ("kB", "MB", "GB"):
        if amount < 1000:
            break
        amount, unit = amount / 1000, larger
    return f"{amount:.0f} {unit}" if unit == "B" or amount >= 100 else f"{amount:.1f} {unit}"
