"""Writing an info.labels, and reading the same from it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dataset_folders import boxes_file, write_files
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ei_runner_core.contract import UNLABELED, LabeledBox, LabelSpan, Sample
from ei_runner_core.errors import InvalidInputError
from ei_runner_core.ingestion.datasets import (
    CATEGORIES,
    append_info_label,
    read_dataset,
    write_info_labels,
)

FILES = ("training/a.png", "training/noext", "testing/b.tar.gz", "testing/grün käse.JPG")
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
MAPS = st.dictionaries(TEXTS, TEXTS, max_size=3)
LABELS = st.one_of(
    st.none(), st.just(UNLABELED), TEXTS, MAPS, st.lists(TEXTS, max_size=3).map(tuple)
)
NUMBERS = st.one_of(st.integers(0, 10**6), st.floats(0, 1e6))
LENGTHS = st.one_of(st.integers(1, 10**6), st.floats(1e-3, 1e6))
BOXES = st.builds(LabeledBox, TEXTS, NUMBERS, NUMBERS, LENGTHS, LENGTHS)
SPANS = st.builds(
    lambda start, length, label, by_key: LabelSpan(start, start + length, label, by_key),
    st.integers(0, 2**31),
    st.integers(0, 2**31),
    TEXTS,
    MAPS,
)
NAMES = st.one_of(
    st.none(),
    TEXTS.filter(bool),
    TEXTS.filter(bool).map(lambda text: f"{text}.png"),
)


@st.composite
def samples(draw: st.DrawFn, folder: Path) -> Sample:
    path = folder / draw(st.sampled_from(FILES))
    return Sample(
        filename=draw(NAMES) or path.name,
        path=path,
        label=draw(LABELS),
        category=draw(st.sampled_from(CATEGORIES)),
        metadata=draw(MAPS),
        bounding_boxes=draw(st.none() | st.lists(BOXES, max_size=3).map(tuple)),
        structured_labels=draw(st.lists(SPANS, max_size=3).map(tuple)),
        attachments=tuple(folder / name for name in draw(st.lists(st.sampled_from(FILES)))),
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_files(tmp_path, dict.fromkeys(FILES, b""))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_reading_what_was_written_gives_the_same_samples(folder: Path, data: st.DataObject) -> None:
    given_samples = data.draw(st.lists(samples(folder), min_size=1, max_size=4))
    write_info_labels(folder, given_samples)
    assert list(read_dataset(folder)) == given_samples


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_entries_may_be_added_one_by_one(folder: Path, data: st.DataObject) -> None:
    given_samples = data.draw(st.lists(samples(folder), min_size=1, max_size=4))
    written = data.draw(st.integers(0, len(given_samples)))
    (folder / "info.labels").unlink(missing_ok=True)
    if written:
        write_info_labels(folder, given_samples[:written])
    for sample in given_samples[written:]:
        assert sample.path
        append_info_label(folder, sample.path, sample, sample.attachments)
    assert list(read_dataset(folder)) == given_samples


def lines(folder: Path) -> list[Any]:
    return [json.loads(line) for line in (folder / "info.labels").read_text().splitlines()]


def test_many_entries_are_written_a_line_each(folder: Path) -> None:
    def many() -> Iterator[Sample]:
        for number in range(10_001):
            yield Sample(f"{number}.png", path=folder / FILES[0], label="x")

    file = write_info_labels(folder, many())
    assert file.read_bytes().startswith(b'{"__ndjson":true,"version":1}\n{"__key":"files",')
    assert len(lines(folder)) == 10_002
    assert [sample.filename for sample in read_dataset(folder)] == [
        f"{number}.png" for number in range(10_001)
    ]


def test_few_entries_are_one_document_in_the_form_of_studio(folder: Path) -> None:
    boxed = Sample("new.png", path=folder / FILES[0], label="car", bounding_boxes=())
    write_info_labels(folder, [boxed])
    assert json.loads((folder / "info.labels").read_text()) == {
        "version": 1,
        "files": [
            {
                "path": "training/a.png",
                "name": "new",
                "category": "training",
                "label": {"type": "label", "label": "car"},
                "boundingBoxes": [],
            }
        ],
    }


def test_an_entry_that_was_half_written_is_replaced(folder: Path) -> None:
    first = Sample("a.png", path=folder / FILES[0])
    append_info_label(folder, folder / FILES[0], first)
    with (folder / "info.labels").open("a") as file:
        file.write('{"__key":"files","__item":{"path":"' + "x" * 10_000)
    append_info_label(folder, folder / FILES[0], first)
    assert list(read_dataset(folder)) == [first, first]


def test_a_failed_writing_leaves_what_was_there(folder: Path) -> None:
    write_info_labels(folder, [Sample("a.png", path=folder / FILES[0])])
    before = (folder / "info.labels").read_bytes()
    outside = Sample("c.png", path=folder.parent / "c.png")
    with pytest.raises(InvalidInputError, match=r"lies outside of"):
        write_info_labels(folder, [outside])
    assert (folder / "info.labels").read_bytes() == before
    assert not list(folder.glob(".*"))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"path": None}, "has no file that info.labels could name"),
        ({"category": "train"}, "no category 'train'"),
        ({"bounding_boxes": (LabeledBox("x", 1, 2, float("nan"), 4),)}, "no finite number"),
        ({"attachments": (Path("/etc/hosts"),)}, "lies outside of"),
    ],
)
def test_what_an_entry_cannot_hold_is_refused(
    folder: Path, changes: dict[str, Any], expected: str
) -> None:
    fields: dict[str, Any] = {"filename": "a.png", "path": folder / FILES[0]} | changes
    with pytest.raises(InvalidInputError, match=expected):
        write_info_labels(folder, [Sample(**fields)])


def test_the_file_may_have_another_name(folder: Path) -> None:
    write_info_labels(folder, [Sample("a.png", path=folder / FILES[0])])
    (folder / "info.labels").rename(folder / "export.labels")
    assert [sample.filename for sample in read_dataset(folder)] == ["a.png"]
    write_files(folder, {"other.labels": {"version": 1, "files": []}})
    with pytest.raises(InvalidInputError, match=r"export.labels, other.labels; name the one"):
        read_dataset(folder)
    assert len(list(read_dataset(folder / "export.labels"))) == 1


def test_numbers_in_metadata_become_text(folder: Path) -> None:
    entry = {"path": FILES[0], "metadata": {"a": 1, "b": 2.5, "c": True, "d": "e"}}
    write_files(folder, {"info.labels": {"version": 1, "files": [entry]}})
    (sample,) = read_dataset(folder)
    assert sample.metadata == {"a": "1", "b": "2.5", "c": "true", "d": "e"}
    assert (sample.category, sample.label) == ("training", None)


def test_boxes_beside_a_sample_count_where_the_entry_states_none(folder: Path) -> None:
    box = {"label": "car", "x": 1, "y": 2, "width": 3, "height": 4}
    entries = [{"path": FILES[0]}, {"path": FILES[0], "boundingBoxes": []}]
    write_files(
        folder,
        {
            "info.labels": {"version": 1, "files": entries},
            "training/bounding_boxes.labels": boxes_file({"a.png": [box]}),
        },
    )
    found = [sample.bounding_boxes for sample in read_dataset(folder)]
    assert found == [(LabeledBox("car", 1, 2, 3, 4),), ()]


def test_several_labels_are_read_in_both_forms(folder: Path) -> None:
    entries = [
        {"path": FILES[0], "label": {"type": kind, "labels": ["x", "y"]}}
        for kind in ("multi-label", "keyvalue-labels")
    ]
    write_files(folder, {"info.labels": {"version": 1, "files": entries}})
    assert [sample.label for sample in read_dataset(folder)] == [("x", "y"), ("x", "y")]


def test_writing_into_a_folder_that_is_gone_is_an_error_of_the_system(folder: Path) -> None:
    gone = folder / "gone"
    with pytest.raises(FileNotFoundError):
        write_info_labels(gone, [Sample("a.png", path=gone / "a.png")])
    assert not os.path.lexists(gone)


def test_files_without_an_entry_are_told(folder: Path) -> None:
    used = Sample("a.png", path=folder / FILES[0], attachments=(folder / FILES[3],))
    write_info_labels(folder, [used])
    write_files(folder, {"more.wav": b""})
    told: list[str] = []
    list(read_dataset(folder, on_skipped=lambda path, reason: told.append(path.name)))
    assert told == ["more.wav", "b.tar.gz", "noext"]
