"""``info.labels``: what Studio states about each sample of an exported data set."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct, field

from ...contract.uploaders import LabeledBox, LabelSpan, Sample
from ...errors import InvalidInputError
from .bounding_boxes import BOXES_FILE, boxes_in
from .boxes import fit_box
from .categories import DEFAULT_CATEGORY, check_category
from .documents import decode_json, read_json, shown
from .info_records import Entry, label_of
from .inside import Inside

__all__ = ["INFO_FILE", "MARK", "find_info_file", "read_info_labels"]

INFO_FILE = "info.labels"
MARK = b'{"__ndjson":true,'
"""What a file with one entry a line begins with."""

_NDJSON = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{\s*"__ndjson"\s*:\s*true')
_SIDECARS = (BOXES_FILE, "structured_labels.labels", "label_map.labels", "attachments.labels")


_BoxesBeside = Callable[[Path], Mapping[str, tuple[LabeledBox, ...]]]


class _File(Struct):
    version: Literal[1]
    files: list[Entry]


class _Head(Struct):
    version: Literal[1]


class _Line(Struct):
    key: str | None = field(default=None, name="__key")
    item: Any = field(default=None, name="__item")


class _EntryLine(Struct):
    item: Entry = field(name="__item")


def find_info_file(folder: Path) -> Path | None:
    """``info.labels`` in a folder, or the only such file under another name.

    Raises:
        InvalidInputError: there are several and none is called ``info.labels``.
    """
    found = sorted(
        path
        for path in folder.glob("*.labels")
        if path.name not in _SIDECARS and not path.name.startswith(".") and path.is_file()
    )
    usual = folder / INFO_FILE
    if usual in found:
        return usual
    if len(found) > 1:
        names = ", ".join(path.name for path in found)
        raise InvalidInputError(f"{shown(folder)} holds {names}; name the one to read")
    return found[0] if found else None


def read_info_labels(file: Path) -> Iterator[Sample]:
    """The samples of an ``info.labels``, in both of its forms: JSON, and an entry a line.

    All entries are checked before the first sample is given. Paths are relative to the file. A
    ``name`` gets the extension of the file. Boxes of a ``bounding_boxes.labels`` beside the
    sample count where the entry states none.

    Raises:
        InvalidInputError: the file is damaged; or an entry names a file that is not there or lies
            outside of the folder, an unknown category, or a box without area.
    """
    inside = Inside(file.parent)
    boxes_beside = lru_cache(64)(boxes_in)
    shown_file = shown(file)

    def samples() -> Iterator[Sample]:
        for place, entry in _entries(file):
            yield _sample(inside, entry, f"{shown_file}{place}", boxes_beside)

    for _ in samples():
        pass
    yield from samples()


def _entries(file: Path) -> Iterator[tuple[str, Entry]]:
    """Each entry with its place in the file."""
    try:
        with file.open("rb") as opened:
            is_by_line = bool(_NDJSON.match(opened.read(256)))
    except OSError as error:
        raise InvalidInputError(f"cannot read {shown(file)}: {error.strerror or error}") from error
    if is_by_line:
        yield from _lines(file)
    else:
        for number, entry in enumerate(read_json(file, _File).files):
            yield f": files[{number}]", entry


def _lines(file: Path) -> Iterator[tuple[str, Entry]]:
    with file.open("rb") as opened:
        decode_json(opened.readline().removeprefix(b"\xef\xbb\xbf"), _Head, file)
        for number, line in enumerate(opened, 2):
            if line.strip() and decode_json(line, _Line, file, number).key == "files":
                yield f", line {number}", decode_json(line, _EntryLine, file, number).item


def _sample(inside: Inside, entry: Entry, where: str, boxes_beside: _BoxesBeside) -> Sample:
    path = inside.find(entry.path, where)
    label, spans = label_of(entry)
    _check_spans(spans, where)
    boxes = _boxes(entry, where)
    if boxes is None and path.name in (beside := boxes_beside(path.parent)):
        boxes = beside[path.name]
    return Sample(
        filename=_file_name(entry, path),
        path=path,
        label=label,
        category=check_category(entry.category or DEFAULT_CATEGORY, where),
        metadata={key: _text(value) for key, value in (entry.metadata or {}).items()},
        bounding_boxes=boxes,
        structured_labels=spans,
        attachments=tuple(inside.find(at, where) for at in entry.attachments or ()),
    )


def _file_name(entry: Entry, path: Path) -> str:
    if entry.file_name:
        return entry.file_name
    if entry.name:
        return entry.name + os.path.splitext(path.name)[1]  # noqa: PTH122 - keeps "a." whole
    return path.name


def _boxes(entry: Entry, where: str) -> tuple[LabeledBox, ...] | None:
    if entry.bounding_boxes is None:
        return None
    return tuple(
        fit_box(box, None, f"{where}: box {number}")
        for number, box in enumerate(entry.bounding_boxes, 1)
    )


def _check_spans(spans: tuple[LabelSpan, ...], where: str) -> None:
    for span in spans:
        if not 0 <= span.start <= span.end:
            raise InvalidInputError(
                f"{where}: the label {span.label!r} is for the values {span.start} to {span.end}; "
                "expected a start of at least 0 and an end not before it"
            )


def _text(value: str | float | bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
