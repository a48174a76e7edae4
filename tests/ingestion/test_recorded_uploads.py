"""Our requests mean the same as those of the official clients."""

from __future__ import annotations

from pathlib import Path

import pytest
from recorded_uploads import UPLOADS, content, our_meaning, same, their_meaning

from ei_runner_core import UNLABELED, LabeledBox, LabelSpan, Sample
from ei_runner_core.ingestion.encoding import encode_upload

BOXES = {
    "v1.jpg": (LabeledBox("car", 10, 20, 30, 40), LabeledBox("bus", 1, 2, 2, 2)),
    "v2.jpg": (LabeledBox("bus", 5, 6, 7, 8),),
}
# What is told besides the file name and the bytes; a path stands for the file that holds them.
TOLD = {
    "uploader-category-anomaly/dog.1.png": {"category": "anomaly"},
    "uploader-category-split/dog.1.png": {"category": "split"},
    "uploader-category-testing/dog.1.png": {"category": "testing"},
    "uploader-label-ascii/noise.1.wav": {"label": "glass breaking/50% (loud)"},
    "uploader-filename-quote/a%22b\\c;d.png": {"filename": 'a"b\\c;d.png'},
    "uploader-directory-plain-tree/apple.0.png": {"bounding_boxes": ()},
    "uploader-directory-voc/v1.jpg": {"bounding_boxes": BOXES["v1.jpg"]},
    "uploader-directory-voc/v2.jpg": {"bounding_boxes": BOXES["v2.jpg"], "category": "testing"},
    "uploader-directory-plain-csv/p1.jpg": {"label": "apple"},
    "uploader-info-file/kv.jpg": {"label": {"colour": "red", "größe": "xl"}},
    "uploader-info-file/b.png": {"label": UNLABELED, "category": "testing"},
    "uploader-info-file/a renamed.jpg": {
        "label": "boxé, 100%",
        "metadata": {"site": "Köln", "cam": "1"},
        "bounding_boxes": (LabeledBox("car", 1.0, 2.0, 10.0, 12.0),),
    },
    "uploader-info-file/ml.json": {
        "structured_labels": (LabelSpan(0, 1, "idle"), LabelSpan(2, 4, "wave"))
    },
    "uploader-info-file/nolabel.json": {"label": ""},
    "uploader-info-file/val.json": {"label": "v", "category": "validation"},
    "uploader-info-file/pp.json": {"label": "p", "category": "post-processing"},
    "uploader-info-file/sp.json": {"label": "s", "category": "split", "attachments": "extra.png"},
    "python-bounding-boxes/cat.1.jpg": {"bounding_boxes": (LabeledBox("cät", 10, 10, 20, 20),)},
    "python-filename-nonascii/grün käse.1.jpg": {"label": "x", "category": "split"},
    "python-filename-quote/a%22b\\c.jpg": {
        "filename": 'a"b\\c.jpg',
        "label": "x",
        "category": "split",
    },
    "python-label-latin1/cat.1.jpg": {"label": "Käse 50%", "category": "split"},
    "python-label-number/cat.1.jpg": {"label": "12.5", "category": "split"},
    "python-file-category-none/cat.1.jpg": {"category": "split"},
    "python-pandas-sample-single-row/001.csv": {"label": "One", "metadata": {"source": "acc"}},
}


@pytest.mark.parametrize("name", UPLOADS)
def test_our_upload_means_what_the_recorded_one_means(name: str, tmp_path: Path) -> None:
    told = dict(TOLD.get(name, {}))
    if "attachments" in told:
        attached = tmp_path / told["attachments"]
        attached.write_bytes(content("uploader-ext-png/dog.1.png"))
        told["attachments"] = (attached,)
    sample = Sample(told.pop("filename", name.partition("/")[2]), content(name), **told)
    ours, theirs = our_meaning(encode_upload(sample)), their_meaning(name)
    assert same(ours, theirs), (ours, theirs)


def test_every_told_upload_is_recorded() -> None:
    assert TOLD.keys() <= UPLOADS.keys()


def test_a_file_on_disk_gives_the_same_request_as_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "walk.cbor"
    path.write_bytes(bytes(range(256)) * 1000)
    from_disk = encode_upload(Sample("walk.cbor", path=path))
    from_memory = encode_upload(Sample("walk.cbor", path.read_bytes()))
    assert our_meaning(from_disk) == our_meaning(from_memory)
    assert from_disk.body.size == from_memory.body.size


def test_several_labels_go_into_the_label_map() -> None:
    meaning = our_meaning(encode_upload(Sample("a.png", b"1", label=("cat", "größe"))))
    assert meaning["label"] is None
    assert meaning["label_map.labels"] == {
        "version": 1,
        "type": "label-map-labels",
        "labels": {"a.png": ["cat", "größe"]},
    }


def test_label_maps_of_spans_are_told() -> None:
    spans = (LabelSpan(0, 4, "a", {"who": "x"}), LabelSpan(5, 9, "b", {"who": "y"}))
    meaning = our_meaning(encode_upload(Sample("a.json", b"1", structured_labels=spans)))
    assert meaning["structured_labels.labels"]["structuredLabels"]["a.json"] == [
        {"startIndex": 0, "endIndex": 4, "label": "a", "labelMap": {"who": "x"}},
        {"startIndex": 5, "endIndex": 9, "label": "b", "labelMap": {"who": "y"}},
    ]


def test_duplicates_are_refused_unless_they_are_allowed() -> None:
    sample = Sample("a.csv", b"x\n1\n")
    assert our_meaning(encode_upload(sample))["refuses duplicates"] == "1"
    allowed = encode_upload(sample, allow_duplicates=True)
    assert our_meaning(allowed)["refuses duplicates"] is None


def test_the_request_says_who_sends_it() -> None:
    headers = encode_upload(Sample("a.csv", b"")).headers
    assert headers["x-upload-source"] == headers["x-device-type"] == "EI_RUNNER"
