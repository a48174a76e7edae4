"""Writing an ``info.labels``."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from io import FileIO
from itertools import chain, islice
from pathlib import Path

import msgspec

from ...contract.uploaders import Sample
from ...errors import InvalidInputError
from .boxes import fit_box
from .categories import check_category
from .documents import shown
from .info_labels import INFO_FILE, MARK, read_info_labels
from .info_records import Entry, label_record, span_record

__all__ = ["MOST_IN_JSON", "append_info_label", "write_info_labels"]

MOST_IN_JSON = 10_000
"""Of more entries each is written on a line of its own, so that readers need not hold them all."""

_BLOCK = 4096
_HEAD = MARK + b'"version":1}\n'


def write_info_labels(folder: Path, samples: Iterable[Sample]) -> Path:
    """Write what is known about samples into ``info.labels``, as a whole or not at all.

    Args:
        folder: where to. An ``info.labels`` in it is replaced.
        samples: each with its file, which lies below the folder.

    Returns:
        The path of the file.

    Raises:
        InvalidInputError: a sample has no file, or it lies outside of the folder.
        OSError: the folder cannot be written.
    """
    entries = (_entry(folder, sample.path, sample, sample.attachments) for sample in samples)
    first = list(islice(entries, MOST_IN_JSON + 1))
    if len(first) > MOST_IN_JSON:
        return _replace(folder, chain([_HEAD], map(_line, chain(first, entries))))
    document = msgspec.json.encode({"version": 1, "files": first})
    return _replace(folder, [msgspec.json.format(document, indent=2), b"\n"])


def append_info_label(
    folder: Path, path: Path, sample: Sample, attachments: Sequence[Path] = ()
) -> Path:
    """Add one sample to the ``info.labels`` of a folder, which then has an entry a line.

    A line that a killed process left half-written is removed first. Only one process and thread
    may write at a time.

    Args:
        folder: where it is; the file is made if it is missing.
        path: where the sample's file lies below the folder.
        sample: what is known about it.
        attachments: where its attachments lie below the folder.

    Returns:
        The path of the file.

    Raises:
        InvalidInputError: a file lies outside of the folder, or ``info.labels`` is damaged.
        OSError: the folder cannot be written.
    """
    line = _line(_entry(folder, path, sample, attachments))
    file = folder / INFO_FILE
    if not file.exists():
        return _replace(folder, [_HEAD, line])
    with file.open("rb+", buffering=0) as opened:
        if opened.read(len(MARK)) == MARK:
            opened.truncate(_end_of_last_line(opened))
            opened.seek(0, os.SEEK_END)
            opened.write(line)
            return file
    there = list(read_info_labels(file))
    entries = (_entry(folder, old.path, old, old.attachments) for old in there)
    return _replace(folder, chain([_HEAD], map(_line, entries), [line]))


def _entry(folder: Path, path: Path | None, sample: Sample, attachments: Sequence[Path]) -> Entry:
    where = f"the sample {sample.filename!r}"
    if path is None:
        raise InvalidInputError(f"{where} has no file that {INFO_FILE} could name; store it first")
    spans = [span_record(span) for span in sample.structured_labels]
    boxes = sample.bounding_boxes
    entry = Entry(
        path=_below(folder, path, where),
        category=check_category(sample.category, where),
        label=label_record(sample),
        metadata=dict(sample.metadata) or None,
        bounding_boxes=None if boxes is None else [fit_box(box, None, where) for box in boxes],
        structured_labels=spans if spans and sample.label is not None else None,
        attachments=[_below(folder, file, where) for file in attachments] or None,
    )
    return _named(entry, sample.filename, path.name)


def _named(entry: Entry, wanted: str, present: str) -> Entry:
    """An entry with the name of the sample, where its file has another one."""
    ending = os.path.splitext(present)[1]  # noqa: PTH122 - keeps "a." whole
    if wanted == present:
        return entry
    if wanted != ending and wanted.endswith(ending):
        return msgspec.structs.replace(entry, name=wanted.removesuffix(ending))
    return msgspec.structs.replace(entry, file_name=wanted)


def _below(folder: Path, path: Path, where: str) -> str:
    try:
        relative = path.absolute().relative_to(folder.absolute())
        if ".." in relative.parts:
            raise ValueError
        relative.as_posix().encode()
    except ValueError:  # a name that is no UTF-8 too
        raise InvalidInputError(
            f"{where}: {shown(path)} lies outside of {shown(folder)}, or has a name that is no "
            "UTF-8; store it in the folder first"
        ) from None
    return relative.as_posix()


def _line(entry: Entry) -> bytes:
    return msgspec.json.encode({"__key": "files", "__item": entry}) + b"\n"


def _end_of_last_line(file: FileIO) -> int:
    """Where the last line ends that was written to its end."""
    end = file.seek(0, os.SEEK_END)
    while end:
        start = max(0, end - _BLOCK)
        file.seek(start)
        if found := file.read(end - start).rfind(b"\n") + 1:
            return start + found
        end = start
    return 0


def _replace(folder: Path, pieces: Iterable[bytes]) -> Path:
    """Put a whole ``info.labels`` in the place of the old one."""
    temporary = folder / f".{INFO_FILE}.part"
    try:
        with temporary.open("wb") as file:
            for piece in pieces:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        return temporary.replace(folder / INFO_FILE)
    finally:
        temporary.unlink(missing_ok=True)
