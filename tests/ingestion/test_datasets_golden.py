"""The small data sets give what the official uploader sends, where that is sound."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ei_runner_core.contract import Sample
from ei_runner_core.contract.uploaders import Unlabeled
from ei_runner_core.ingestion.datasets import DATASET_KINDS, detect_kind, read_dataset

GOLDEN = Path(__file__).parent.parent / "golden" / "datasets"
EXPECTED: dict[str, list[dict[str, Any]]] = json.loads((GOLDEN / "expected.json").read_text())
BY_LINE = "info-labels by line"


def needed(kind: str) -> None:
    if kind == "yolo":
        pytest.importorskip("PIL.Image", reason="needs the extra datasets")
        pytest.importorskip("yaml", reason="needs the extra datasets")


def label_form(sample: Sample) -> dict[str, Any]:
    """The label of a sample as an info.labels writes it; nothing where the name decides."""
    if sample.structured_labels:
        spans = [
            {"startIndex": span.start, "endIndex": span.end, "label": span.label}
            for span in sample.structured_labels
        ]
        return {"label": {"type": "multi-label", "labels": spans}}
    if isinstance(sample.label, Unlabeled):
        return {"label": {"type": "unlabeled"}}
    if isinstance(sample.label, str):
        return {"label": {"type": "label", "label": sample.label}}
    if sample.label is not None:
        return {"label": {"type": "keyvalue-labels", "labels": dict(sample.label)}}
    return {}


def form(sample: Sample) -> dict[str, Any]:
    """A sample in the terms of expected.json."""
    stated: dict[str, Any] = {"filename": sample.filename, "category": sample.category}
    stated |= label_form(sample)
    if sample.bounding_boxes is not None:
        stated["boundingBoxes"] = list(msgspec.to_builtins(sample.bounding_boxes))
    if sample.metadata:
        stated["metadata"] = dict(sample.metadata)
    if sample.attachments:
        stated["attachments"] = [path.name for path in sample.attachments]
    return stated


def by_place(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: (row["category"], row["filename"], str(row.get("label"))))


@pytest.mark.parametrize("kind", EXPECTED)
def test_a_small_data_set_gives_what_is_expected(kind: str) -> None:
    needed(kind)
    folder = GOLDEN / kind
    source = GOLDEN / "info-labels" / "by-line.labels" if kind == BY_LINE else folder
    samples = list(read_dataset(source))
    expected = [{**row} for row in EXPECTED[kind]]
    digests = {(row["category"], row["filename"]): row.pop("sha256", None) for row in expected}
    assert by_place([form(sample) for sample in samples]) == by_place(expected)
    for sample in samples:
        wanted = digests[sample.category, sample.filename]
        assert wanted is None or sha256(sample.read()).hexdigest().startswith(wanted)


@pytest.mark.parametrize("kind", DATASET_KINDS)
def test_the_kind_of_a_small_data_set_is_found_out(kind: str) -> None:
    assert detect_kind(GOLDEN / kind) == kind


def test_samples_hold_paths_and_no_contents() -> None:
    samples = list(read_dataset(GOLDEN / "voc"))
    assert all(sample.content is None and sample.path is not None for sample in samples)


def test_no_folder_is_written_to() -> None:
    before = sorted(path for path in GOLDEN.rglob("*"))
    for kind in DATASET_KINDS:
        needed(kind)
        list(read_dataset(GOLDEN / kind))
    assert sorted(path for path in GOLDEN.rglob("*")) == before


def test_category_and_label_of_the_caller_count() -> None:
    samples = read_dataset(GOLDEN / "voc", category="split", label="street")
    assert {(sample.category, sample.label) for sample in samples} == {("split", "street")}


def test_a_label_of_the_caller_takes_the_place_of_those_of_values() -> None:
    samples = read_dataset(GOLDEN / "info-labels", label="x")
    assert not any(sample.structured_labels for sample in samples)
