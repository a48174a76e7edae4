"""``ei-runner upload``: files and folders into a project."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ._output import json_option
from ._problems import FAILED
from ._samples import label_of, label_options_of, mapping_of, samples_in
from ._uploading import category_option, opened, place_options
from ._verdicts import Verdicts

if TYPE_CHECKING:
    from ..contract import Uploader

__all__ = ["upload"]


@click.command(short_help="Upload files and folders to a project.")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True,
                type=click.Path(exists=True, path_type=Path))  # fmt: skip
@category_option("Where the samples go; else what a folder says, or training.")
@label_options_of("else of each folder or file name")
@click.option("--dataset-format", metavar="KIND",
              help="How folders are annotated, such as coco; else it is found out.")  # fmt: skip
@click.option("--allow-duplicates", is_flag=True, help="Also upload what is there already.")
@click.option("--concurrency", metavar="N", type=click.IntRange(1, 256), default=20,
              show_default=True, help="How many samples are on the way at a time.")  # fmt: skip
@click.option("--journal", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path),
              help="Remembers what has arrived; else one in your state folder.")  # fmt: skip
@click.option("--fresh", is_flag=True, help="Forget what has arrived; send everything again.")
@place_options
@json_option
def upload(
    paths: tuple[Path, ...],
    category: str | None,
    label: str | None,
    labels: tuple[str, ...],
    unlabeled: bool,
    metadata: tuple[str, ...],
    dataset_format: str | None,
    allow_duplicates: bool,
    concurrency: int,
    journal: Path | None,
    fresh: bool,
    place: str,
    options: Mapping[str, Any],
    project: str | None,
    api_key_file: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Upload files and folders with data to a project.

    A folder may be a dataset: info.labels, bounding_boxes.labels, COCO, YOLO, Pascal VOC, or
    folders by category and label. Samples that the project has already are refused, which is no
    failure.

    An upload that was stopped, in whatever way, goes on where it stopped when it is typed again.

    With --json there is one line of JSON for each sample that was sent, and a last one with the
    sum, or with the error that ended it. The exit code is 0 if all samples are there, 1 if any is
    not, 2 for wrong usage or bad input.
    """
    from ..ingestion import upload_all

    samples = partial(
        samples_in,
        paths,
        dataset_format=dataset_format,
        category=category,
        label=label_of(label, labels, is_unlabeled=unlabeled),
        metadata=mapping_of("--metadata", metadata),
    )
    with (
        Verdicts(as_json=as_json, again="the same command goes on where it stopped",
                 dry_run=dry_run) as verdicts,
        opened(place, options, project=project, api_key_file=api_key_file, dry_run=dry_run,
               allow_duplicates=allow_duplicates) as uploader,
    ):  # fmt: skip
        verdicts.begin(uploader)
        if dry_run:
            _tell_formats(verdicts, paths, dataset_format)
        if verdicts.has_bar:
            verdicts.expect(sum(1 for _ in samples(on_skipped=_say_nothing)))
        report = upload_all(
            uploader,
            samples(on_skipped=verdicts.skipped),
            concurrency=concurrency,
            journal=None if dry_run else _journal(journal, uploader, paths, is_fresh=fresh),
            on_receipt=verdicts.show,
            on_report=verdicts.conclude,
        )
    if not report.ok:
        raise click.exceptions.Exit(FAILED)


def _tell_formats(verdicts: Verdicts, paths: tuple[Path, ...], dataset_format: str | None) -> None:
    from ..ingestion.datasets import detect_kind

    for path in paths:
        if path.is_dir():
            verdicts.read_as(path, dataset_format or detect_kind(path))


def _say_nothing(path: Path, reason: str) -> None:
    """Files that are left out are told when the samples are sent."""


def _journal(
    named: Path | None, uploader: Uploader, paths: tuple[Path, ...], *, is_fresh: bool
) -> Path:
    journal = named or _usual_journal(uploader, paths)
    if is_fresh:
        from ..ingestion.journal import Journal

        with Journal(journal, uploader.place) as opened_journal:
            opened_journal.remove()
    return journal


def _usual_journal(uploader: Uploader, paths: tuple[Path, ...]) -> Path:
    """One for these paths and this place, where the user's programs keep their state."""
    from hashlib import sha256

    import platformdirs

    about = repr((uploader.place, sorted(str(path.resolve()) for path in paths)))
    name = f"{sha256(about.encode('utf-8', 'surrogateescape')).hexdigest()[:32]}.journal"
    return platformdirs.user_state_path("ei-runner", appauthor=False) / "uploads" / name
