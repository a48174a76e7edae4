"""What the commands that upload have in common: the place, and how an upload ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from ..errors import InvalidInputError
from ._samples import mapping_of

if TYPE_CHECKING:
    from ..contract import Uploader

__all__ = ["category_option", "opened", "place_options"]

_CATEGORIES = ("training", "testing", "anomaly", "split", "validation", "post-processing")
_OPTIONS = (
    click.option("--to", "place", metavar="NAME", default="edge-impulse", show_default=True,
                 help="The uploader, one of those that ei-runner backends lists."),
    click.option("-o", "--option", "options", metavar="KEY=VALUE", multiple=True,
                 callback=lambda _context, _parameter, pairs: mapping_of("--option", pairs),
                 help="An option of the uploader, such as path=FOLDER; may be repeated."),
    click.option("-p", "--project", metavar="ID",
                 help="The project that is meant; a key of another one is refused."),
    click.option("--api-key-file", metavar="FILE",
                 help="A file with the API key; else EI_API_KEY, or ei-runner login."),
    click.option("--dry-run", is_flag=True, help="Look at everything, send nothing."),
)  # fmt: skip


def place_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Where the samples go: for :func:`opened`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def category_option(text: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """``--category``, None where it is not given."""
    return click.option("--category", type=click.Choice(_CATEGORIES), help=text)


@contextmanager
def opened(
    place: str,
    options: Mapping[str, Any],
    *,
    project: str | None,
    api_key_file: str | None,
    dry_run: bool,
    allow_duplicates: bool = False,
) -> Iterator[Uploader]:
    """An uploader that is closed in the end.

    Raises:
        UsageError: the key was typed, or the uploader does not know what is asked for.
    """
    from ..uploaders import open_dry_run, open_uploader

    if "api_key" in options:
        raise click.UsageError(
            "what is typed can be seen in the list of processes: give the API key as EI_API_KEY or "
            "with --api-key-file, and make a new one"
        )
    given: dict[str, Any] = {"allow_duplicates": True} if allow_duplicates else {}
    given |= {"project": project} if project is not None else {}
    given |= {"api_key_file": api_key_file} if api_key_file is not None else {}
    try:
        uploader = (open_dry_run if dry_run else open_uploader)(place, {**options, **given})
    except InvalidInputError as error:
        for name in given:
            if f"no option {name!r}" in str(error):
                flag = name.replace("_", "-")
                raise click.UsageError(f"--{flag} does not go with --to {place}: {error}") from None
        raise
    try:
        yield uploader
    finally:
        uploader.close()
