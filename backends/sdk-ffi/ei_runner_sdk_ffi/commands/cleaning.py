"""``ei-runner build --clean``: what was built of a model goes, and what lies in ``./model``."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import click

from ei_runner_core import EdgeImpulseError
from ei_runner_core.authoring.output import print_json, printable

from ..build.cache import Cache
from ..build.contents import Contents
from ..build.entries import Entry, clean, entries
from ..build.export import read_export

__all__ = ["clean_model"]

_DROP_ZONE = Path("model")
_KEPT = ("README.md", ".gitignore")
_MODEL_VARIABLE = "EI_MODEL"


def clean_model(model: str | None, *, as_json: bool) -> int:
    """Remove what the cache holds of a model, and what lies in ``./model``.

    An export that lies elsewhere stays, and where one is named, ``./model`` stays, too. In a
    terminal the user is asked first.

    Args:
        model: the path of the export; ``None`` takes ``EI_MODEL``, else ``./model``.
        as_json: whether to print JSON.

    Returns:
        The exit code.
    """
    cache = Cache.find()
    built = _built_of(Path(model or os.environ.get(_MODEL_VARIABLE) or _DROP_ZONE), cache)
    files = _dropped() if model is None or _is_drop_zone(Path(model)) else []
    if not (built or files) or not _is_agreed(built, files):
        built, files = [], []
    freed = sum(clean(cache, key=entry.key) for entry in built)
    for path in files:
        _remove(path)
    _tell(built, files, freed, as_json=as_json)
    return 0


def _built_of(model: Path, cache: Cache) -> list[Entry]:
    """What was built of a model, also of one that has gone, and of those in a folder."""
    place = Path(os.path.abspath(model.expanduser()))  # noqa: PTH100 - links are kept
    places = {place, place.resolve()}
    content = _content(place, cache)
    return [
        entry
        for entry in entries(cache)
        if (content and entry.content == content)
        or not places.isdisjoint((Path(entry.model), *Path(entry.model).parents))
    ]


def _content(model: Path, cache: Cache) -> str:
    """The digest of an export, if it is there: the same may have been built elsewhere."""
    try:
        return Contents(read_export(model, sdk=None, cache=cache), cache).digest
    except EdgeImpulseError:
        return ""


def _is_drop_zone(model: Path) -> bool:
    """Whether a path is ``./model``, or something in it."""
    place = os.path.abspath(_DROP_ZONE)  # noqa: PTH100 - links are kept
    return Path(os.path.abspath(model.expanduser())).is_relative_to(place)  # noqa: PTH100


def _dropped() -> list[Path]:
    """What lies in ``./model``; where that is a link, its files belong elsewhere."""
    if _DROP_ZONE.is_symlink() or not _DROP_ZONE.is_dir():
        return []
    return sorted(path for path in _DROP_ZONE.iterdir() if path.name not in _KEPT)


def _is_agreed(built: list[Entry], files: list[Path]) -> bool:
    if sys.stdin is None or not sys.stdin.isatty():
        return True
    for line in (*map(_shown, built), *map(str, files)):
        click.echo(printable(line), err=True)
    return click.confirm("Remove all of this?", default=False, err=True)


def _shown(entry: Entry) -> str:
    return f"the library of {entry.model} for {entry.target} ({entry.network})"


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _tell(built: list[Entry], files: list[Path], freed: int, *, as_json: bool) -> None:
    if as_json:
        removed = {"libraries": [entry.key for entry in built], "files": list(map(str, files))}
        print_json({"removed": removed, "freed": freed})
        return
    for what in (*map(_shown, built), *map(str, files)):
        click.echo(printable(f"removed {what}"))
    if not (built or files):
        click.echo("nothing was removed")
