"""From what is typed to the samples that it means."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from ..contract import Label, Sample

__all__ = ["label_of", "label_options_of", "mapping_of", "samples_in"]

_BOXES = "bounding_boxes.labels"

_OPTIONS = (
    click.option("--labels", metavar="LABEL|KEY=VALUE", multiple=True,
                 help="One of several labels, or of labels by key; may be repeated."),
    click.option("--unlabeled", is_flag=True, help="Upload without labels."),
    click.option("--metadata", metavar="KEY=VALUE", multiple=True,
                 help="Something to note with each sample; may be repeated."),
)  # fmt: skip


def label_options_of(otherwise: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """What is said about all samples: for :func:`label_of`, and ``metadata``.

    Args:
        otherwise: where a label comes from that is not given.
    """
    label = click.option("--label", metavar="LABEL", help=f"The label of all samples; {otherwise}.")

    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed((label, *_OPTIONS)):
            command = option(command)
        return command

    return add


def label_of(label: str | None, labels: Sequence[str], *, is_unlabeled: bool) -> Label:
    """What ``--label``, ``--labels`` and ``--unlabeled`` mean together.

    Raises:
        UsageError: they contradict each other.
    """
    from ..contract import UNLABELED

    if sum((label is not None, bool(labels), is_unlabeled)) > 1:
        raise click.UsageError("give one of --label, --labels and --unlabeled")
    if is_unlabeled:
        return UNLABELED
    if not labels:
        return label
    if all("=" in text for text in labels):
        return mapping_of("--labels", labels)
    if any("=" in text for text in labels):
        raise click.UsageError("give all --labels as KEY=VALUE, or none of them")
    return tuple(labels)


def mapping_of(option: str, pairs: Sequence[str]) -> dict[str, str]:
    """``KEY=VALUE`` pairs as a mapping.

    Raises:
        UsageError: one is none, or two have the same key.
    """
    found: dict[str, str] = {}
    for pair in pairs:
        key, mark, value = pair.partition("=")
        if not (key and mark):
            raise click.UsageError(f"{option} {pair!r} is not KEY=VALUE")
        if key in found:
            raise click.UsageError(f"{option} gives {key!r} twice")
        found[key] = value
    return found


def samples_in(
    paths: Sequence[Path],
    *,
    dataset_format: str | None,
    category: str | None,
    label: Label,
    metadata: Mapping[str, str],
    on_skipped: Callable[[Path, str], object],
) -> Iterator[Sample]:
    """The samples in files and folders; what is given here wins over what a folder says.

    Raises:
        InvalidInputError: something in a folder is damaged, or there is no sample in it.
        UsageError: a file is named beside the list that it stands in.
    """
    from msgspec.structs import replace

    from ..ingestion.datasets import read_dataset, read_files

    common: Any = {"category": category, "label": label}

    def found() -> Iterator[Sample]:
        for is_list, group in groupby(_named(paths), lambda path: _is_list(path, dataset_format)):
            if not is_list:
                yield from read_files(group, **common)
                continue
            for path in group:
                yield from read_dataset(path, kind=dataset_format, on_skipped=on_skipped, **common)

    for sample in found():
        yield replace(sample, metadata={**sample.metadata, **metadata}) if metadata else sample


def _is_list(path: Path, dataset_format: str | None) -> bool:
    """Whether a path stands for many samples."""
    return path.is_dir() or path.suffix == ".labels" or dataset_format is not None


def _named(paths: Iterable[Path]) -> list[Path]:
    """The paths that were typed, also by patterns such as ``folder/*``."""
    folders = {path.parent for path in paths if path.suffix != ".labels" and not path.is_dir()}
    named = [path for path in paths if path.name != _BOXES or path.parent not in folders]
    for path in named:
        if path.suffix == ".labels" and path.parent in folders:
            raise click.UsageError(
                f"{path} lists files beside it, some of which are named too: name it alone, or its "
                "folder"
            )
    return [path.parent if path.name == _BOXES else path for path in named]
