"""From samples to requests: nothing gets lost on the way, and what cannot be sent is refused."""

from __future__ import annotations

import json
import os
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from recorded_uploads import our_meaning, parts_of

from ei_runner_core import InvalidInputError, LabeledBox, LabelSpan, Sample
from ei_runner_core.ingestion.encoding import LARGEST_FILE, encode_upload
from ei_runner_core.ingestion.filenames import content_type

texts = st.text(st.characters(exclude_categories=["Cs"]))
names = (
    st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/%"), min_size=1)
    .map(lambda name: f"{name}.png")
    .filter(lambda name: name not in (".", ".."))
)


def refused(message: str, sample: Sample) -> None:
    with pytest.raises(InvalidInputError, match=message) as caught:
        encode_upload(sample)
    assert "\n" not in str(caught.value)


@given(names, texts, st.dictionaries(texts, texts), st.binary())
def test_all_texts_arrive_as_they_are(
    name: str, label: str, metadata: dict[str, str], held: bytes
) -> None:
    boxes = (LabeledBox(label, 1, 2, 3.5, 4),)
    sample = Sample(name, held, label=label, metadata=metadata, bounding_boxes=boxes)
    request = encode_upload(sample)
    meaning = our_meaning(request)
    assert (meaning["label"], meaning["metadata"]) == (label, metadata)
    assert meaning["bounding_boxes.labels"]["boundingBoxes"] == {
        name: [{"label": label, "x": 1, "y": 2, "width": 3.5, "height": 4}]
    }
    assert parts_of(request)[0] == (name, "image/png", held)


@given(texts, st.lists(texts), st.dictionaries(texts, texts))
def test_no_text_breaks_out_of_a_header(
    label: str, labels: list[str], metadata: dict[str, str]
) -> None:
    for told in (label, tuple(labels), metadata):
        headers = encode_upload(Sample("a.csv", b"", label=told, metadata=metadata)).headers
        assert all(value.isascii() and (value.isprintable()) for value in headers.values())


def test_labels_are_quoted_as_javascript_does() -> None:
    sample = Sample("a.csv", b"", label="a b/c%?&=+,;:@$#\u00e9!'()*~-_.Z9\u65e5\U0001f600\n")
    assert encode_upload(sample).headers["x-label"] == (
        "a%20b%2Fc%25%3F%26%3D%2B%2C%3B%3A%40%24%23%C3%A9!'()*~-_.Z9%E6%97%A5%F0%9F%98%80%0A"
    )


@pytest.mark.parametrize(
    ("name", "kind"),
    [("a.PNG", "image/png"), ("b.JpEg", "image/jpeg"), ("c.tar.cbor", "application/cbor"),
     ("noending", "application/octet-stream"), (".png", "application/octet-stream")],
)  # fmt: skip
def test_types_follow_the_ending(name: str, kind: str) -> None:
    assert content_type(name) == kind


@pytest.mark.parametrize(
    ("name", "message"),
    [("", "names no file"), ("..", "names no file"), ("a/b.png", "form of a folder"),
     ("a\\", "form of a folder"), ("a\r\nX: y.png", "control characters"),
     ("a\0.png", "control characters"), ("bounding_boxes.labels", "describes samples"),
     ("\udcff.png", "UTF-8 cannot hold"), (3, "expected a text")],
)  # fmt: skip
def test_names_that_would_not_arrive_are_refused(name: Any, message: str) -> None:
    refused(message, Sample(name, b""))


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"category": "train"}, "the category is 'train', expected one of training"),
        ({"label": 12.5}, "the label is 12.5"),
        ({"label": "\ud800"}, "UTF-8 cannot hold"),
        ({"label": ("a", 1)}, "a label is 1"),
        ({"label": {"a": 1}}, "'a' in the label is 1"),
        ({"metadata": {"n": 1}}, "'n' in the metadata is 1, expected a text"),
        ({"metadata": {1: "n"}}, "a name in the metadata is 1"),
        ({"metadata": ["n"]}, "texts by name"),
        ({"bounding_boxes": (LabeledBox("a", 0, 0, 0, 1),)}, "width of the bounding box 'a' is 0"),
        ({"bounding_boxes": (LabeledBox("a", np.nan, 0, 1, 1),)}, "x of the bounding box"),
        ({"bounding_boxes": (LabeledBox("a", 0, "1", 1, 1),)}, "y of the bounding box 'a' is '1'"),
        ({"structured_labels": (LabelSpan(0, 1.5, "a"),)}, "is 0 to 1.5"),
        ({"structured_labels": (LabelSpan(1, 2, "a"),)}, "covers the values 0 to 0"),
        ({"structured_labels": (LabelSpan(0, 2, "a"), LabelSpan(4, 5, "b"))}, "values 3 to 3"),
        ({"structured_labels": (LabelSpan(2, 1, "a"),)}, "is 2 to 1"),
        (
            {"structured_labels": (LabelSpan(0, 1, "a"), LabelSpan(2, 3, "b", {"k": "v"}))},
            r"has the keys \['k'\], expected \[\]",
        ),
    ],
)
def test_what_cannot_be_sent_is_refused_by_name(told: dict[str, Any], message: str) -> None:
    refused(message, Sample("a.png", b"1", **told))


def test_numbers_of_numpy_are_taken_for_boxes_and_spans() -> None:
    sample = Sample(
        "a.png",
        b"1",
        bounding_boxes=(LabeledBox("a", *np.array([1, 2.5, 3, 4], np.float32)),),
        structured_labels=(LabelSpan(np.int64(0), np.int64(3), "a"),),
    )
    meaning = our_meaning(encode_upload(sample))
    assert meaning["bounding_boxes.labels"]["boundingBoxes"]["a.png"][0]["y"] == 2.5
    assert meaning["structured_labels.labels"]["structuredLabels"]["a.png"][0]["endIndex"] == 3


def test_parts_come_in_the_order_of_the_official_uploader(tmp_path: Path) -> None:
    attached = tmp_path / "more.txt"
    attached.write_bytes(b"more")
    sample = Sample(
        "a.png",
        b"1",
        label=("x",),
        bounding_boxes=(),
        structured_labels=(LabelSpan(0, 0, "a"),),
        attachments=(attached,),
    )
    assert our_meaning(encode_upload(sample))["order"] == [
        "a.png",
        "structured_labels.labels",
        "bounding_boxes.labels",
        "more.txt",
        "attachments.labels",
        "label_map.labels",
    ]


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"2")
    refused("stands for two files", Sample("a.png", b"1", attachments=(tmp_path / "a.png",)))


def sparse(path: Path, size: int) -> Path:
    with path.open("wb") as file:
        file.truncate(size)
    return path


def test_files_of_100_mib_are_refused_before_they_are_read(tmp_path: Path) -> None:
    path = sparse(tmp_path / "a.wav", LARGEST_FILE)
    refused("has 104857600 bytes, expected less than 104857600", Sample("a.wav", path=path))
    refused("'a.wav' has 104857600", Sample("b.wav", b"", attachments=(path,)))
    smaller = sparse(path, LARGEST_FILE - 1)
    assert encode_upload(Sample("a.wav", path=smaller)).body.size > LARGEST_FILE - 1


def test_large_files_are_not_held_in_memory(tmp_path: Path) -> None:
    body = encode_upload(Sample("a.wav", path=sparse(tmp_path / "a.wav", 50 << 20))).body
    stream = body.open()
    tracemalloc.start()
    read = sum(len(piece) for piece in iter(lambda: stream.read(1 << 16), b""))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert read == body.size == len(stream)
    assert stream.is_spent
    assert peak < 2 << 20


@pytest.mark.parametrize("size", [0, 10, 90_000, 200_000])
def test_a_file_that_changes_while_it_is_read_is_not_sent_to_the_end(
    size: int, tmp_path: Path
) -> None:
    path = sparse(tmp_path / "a.wav", 100_000)
    body = encode_upload(Sample("a.wav", path=path)).body
    sparse(path, size)
    stream = body.open()
    with pytest.raises(InvalidInputError, match="changes while it is uploaded"):
        stream.read()
    assert not stream.is_spent


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    refused("No such file", Sample("a.wav", path=tmp_path / "none.wav"))
    refused("not a regular file", Sample("a.wav", path=tmp_path))
    refused("neither content nor a path", Sample("a.wav"))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_refused_instead_of_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.wav")
    refused("not a regular file", Sample("a.wav", path=tmp_path / "a.wav"))


def test_a_closed_stream_has_closed_its_file(tmp_path: Path) -> None:
    stream = encode_upload(Sample("a.wav", path=sparse(tmp_path / "a.wav", 1 << 20))).body.open()
    stream.read(1000)
    stream.close()
    stream.close()


def test_metadata_is_escaped_json() -> None:
    sample = Sample("a.csv", b"", metadata={"größe": "日\x7f\n\U0001f600"})
    value = encode_upload(sample).headers["x-metadata"]
    assert value == '{"gr\\u00f6\\u00dfe":"\\u65e5\\u007f\\n\\ud83d\\ude00"}'
    assert json.loads(value) == sample.metadata
