"""Finding out what a folder holds, and reading it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from ...contract.uploaders import Label, Sample
from ...errors import InvalidInputError
from .bounding_boxes import has_bounding_boxes, read_bounding_boxes
from .categories import check_category
from .coco import has_coco, is_coco, read_coco
from .documents import shown
from .folders import read_folders
from .info_labels import INFO_FILE, find_info_file, read_info_labels
from .listing import Listing, OnSkipped, list_folder
from .openmv import is_openmv, read_openmv
from .plain_csv import is_plain_csv, read_plain_csv
from .single_files import read_single_files
from .voc import is_voc, read_voc
from .yolo import has_yolo, is_yolo, read_yolo

__all__ = ["DATASET_KINDS", "detect_kind", "read_dataset", "read_files"]


class _Kind(NamedTuple):
    """``needs`` is what ``is_there`` looks for; ``fits`` tells that a folder is of this kind."""

    read: Callable[[Listing], Iterator[Sample]]
    fits: Callable[[Listing], bool]
    is_there: Callable[[Listing], bool]
    needs: str


def _read_info_folder(listing: Listing) -> Iterator[Sample]:
    """The samples of an ``info.labels``; files without an entry are told."""
    file = find_info_file(listing.root)
    if file is None:
        raise InvalidInputError(f"there is no info.labels in {shown(listing.root)}")
    named = {file}
    for sample in read_info_labels(file):
        named.update((sample.path or file, *sample.attachments))
        yield sample
    for name in listing.names:
        if listing.path(name) not in named:
            listing.skip(name, f"{file.name} has no entry for it")


_INFO = "info-labels"
_FOLDERS = "folders"
_KINDS = {
    "bounding-boxes": _Kind(
        read_bounding_boxes, has_bounding_boxes, has_bounding_boxes, "bounding_boxes.labels"
    ),
    "coco": _Kind(
        read_coco, is_coco, has_coco, "JSON file with images, annotations and categories"
    ),
    "yolo": _Kind(read_yolo, is_yolo, has_yolo, "text file with boxes for an image"),
    "voc": _Kind(read_voc, is_voc, is_voc, "XML file with an <annotation>"),
    "openmv": _Kind(read_openmv, is_openmv, is_openmv, "folder with a name such as LABEL.class"),
    "plain-csv": _Kind(
        read_plain_csv,
        is_plain_csv,
        is_plain_csv,
        "CSV file with the columns file_name and class_name, or those of boxes",
    ),
}
_READERS = {
    _INFO: _read_info_folder,
    **{name: kind.read for name, kind in _KINDS.items()},
    _FOLDERS: read_folders,
}

DATASET_KINDS = tuple(_READERS)
"""The layouts of data sets that are read."""


def detect_kind(folder: Path) -> str:
    """What a folder holds, one of ``DATASET_KINDS``.

    An ``info.labels`` decides; a folder without annotations is of kind ``folders``.

    Raises:
        InvalidInputError: there is no such folder, it cannot be read, or it has annotations of
            several kinds.
    """
    return _detect(_listing(folder, _ignore))


def read_dataset(
    folder: Path,
    *,
    kind: str | None = None,
    category: str | None = None,
    label: Label = None,
    on_skipped: OnSkipped | None = None,
) -> Iterator[Sample]:
    """The samples of a folder: their paths and what is known about them, not their contents.

    The order is always the same. Nothing is written. Hidden files are passed over.

    Args:
        folder: the folder, an ``info.labels`` file under any name that ends with ``.labels``, or
            one sample.
        kind: what the folder holds, one of ``DATASET_KINDS``; found out by default.
        category: given to every sample in place of the one that the data set states.
        label: the same for the label. Labels of boxes stay, those of single values go.
        on_skipped: is told the path of each file that is left out, and why.

    Returns:
        The samples, read as they are asked for. What is wrong with an annotation may come up as
        late as that.

    Raises:
        InvalidInputError: there is no such folder or kind, its kind cannot be told, it holds no
            samples, or what it holds is damaged: the message names file and place.
        BackendUnavailableError: a library of the extra ``datasets`` is missing.
    """
    if kind is not None and kind not in _READERS:
        raise InvalidInputError(
            f"there is no data set format {kind!r}; expected one of {', '.join(DATASET_KINDS)}"
        )
    if category is not None:
        check_category(category, "the category for all samples")
    if folder.is_file():
        found = _read_file(folder, kind)
    else:
        listing = _listing(folder, on_skipped or _ignore)
        if kind in _KINDS:
            _check_is_there(listing, kind, _KINDS[kind])
        found = _READERS[kind or _detect(listing)](listing)
    return _adjusted(_some(found, folder), category, label)


def read_files(
    paths: Iterable[Path], *, category: str | None = None, label: Label = None
) -> Iterator[Sample]:
    """The samples in files that are named one by one; see :func:`read_dataset`.

    A ``bounding_boxes.labels`` in the folder of a file is read with it.

    Raises:
        InvalidInputError: a file is not there, or the boxes beside it are damaged.
    """
    if category is not None:
        check_category(category, "the category for all samples")
    return _adjusted(read_single_files(paths), category, label)


def _read_file(file: Path, kind: str | None) -> Iterator[Sample]:
    is_info = file.suffix.lower() == ".labels" and file.name != "bounding_boxes.labels"
    if kind == _INFO or (kind is None and is_info):
        return read_info_labels(file)
    if kind is None:
        return read_single_files([file])
    raise InvalidInputError(f"{shown(file)} is a file; {kind} data sets are folders")


def _listing(folder: Path, on_skipped: OnSkipped) -> Listing:
    if not folder.is_dir():
        raise InvalidInputError(f"there is no folder {shown(folder)}; name one with samples")
    return list_folder(folder, on_skipped)


def _check_is_there(listing: Listing, name: str, kind: _Kind) -> None:
    """Refuse a folder that is not what it is said to be: its labels would be lost in silence."""
    if not kind.is_there(listing):
        raise InvalidInputError(
            f"{shown(listing.root)} is no {name} data set: there is no {kind.needs} in it; name "
            "another folder, or leave out --dataset-format to find out what it holds"
        )


def _detect(listing: Listing) -> str:
    if find_info_file(listing.root):
        return _INFO
    for name in listing.names:
        if name.endswith(f"/{INFO_FILE}"):
            raise InvalidInputError(
                f"{listing.shown(name)} describes a data set; name its folder in place of "
                f"{shown(listing.root)}, or tell what to read with --dataset-format"
            )
    found = [name for name, kind in _KINDS.items() if kind.fits(listing)]
    if len(found) > 1:
        raise InvalidInputError(
            f"{shown(listing.root)} may hold a data set as {' or '.join(found)}; tell which with "
            "--dataset-format"
        )
    return found[0] if found else _FOLDERS


def _some(samples: Iterator[Sample], folder: Path) -> Iterator[Sample]:
    """Samples of which there is at least one."""
    first = next(samples, None)
    if first is None:
        raise InvalidInputError(
            f"{shown(folder)} holds no samples; expected files such as .jpg, .png, .wav, .json, "
            ".cbor or .csv"
        )
    yield first
    yield from samples


def _adjusted(samples: Iterator[Sample], category: str | None, label: Label) -> Iterator[Sample]:
    for sample in samples:
        if category is not None:
            sample = msgspec.structs.replace(sample, category=category)
        if label is not None:
            sample = msgspec.structs.replace(sample, label=label, structured_labels=())
        yield sample


def _ignore(path: Path, reason: str) -> None:
    """What nobody asks about."""
