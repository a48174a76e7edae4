"""From the memory that a library fills to a result: every part, whatever else is there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ei_runner_core import BoundingBox, InferenceResult, Timing, TrackedObject, VisualAnomaly
from ei_runner_sdk_ffi._abi import ffi
from ei_runner_sdk_ffi.answers import _BOX, _RESULT, _TRACK, Answers

LABELS = ("cat", "wäve")


@pytest.fixture
def answers() -> Answers:
    return Answers(LABELS)


@pytest.fixture
def kept() -> list[Any]:
    """What the memory of a library would hold until the next call."""
    return []


def floats(kept: list[Any], *values: float) -> Any:
    kept.append(ffi.new("float[]", values))
    return kept[-1]


def array(kept: list[Any], kind: str, *rows: Any) -> Any:
    kept.append(ffi.new(f"ei_runner_{kind}[]", rows))
    return kept[-1]


def text(kept: list[Any], words: str) -> Any:
    kept.append(ffi.new("char[]", words.encode()))
    return kept[-1]


def boxes_of(kept: list[Any]) -> Any:
    known = (1, 0.5, 1, 2, 3, 4, ffi.NULL)
    foreign = (-1, 0.25, 5, 6, 7, 4_000_000_000, text(kept, "Hünd"))
    return array(kept, "box", known, foreign)


BOXES = (
    BoundingBox("wäve", 0.5, 1, 2, 3, 4),
    BoundingBox("Hünd", 0.25, 5, 6, 7, 4_000_000_000),
)


@pytest.mark.parametrize(
    ("struct", "name"), [(_RESULT, "result"), (_BOX, "box"), (_TRACK, "track")]
)
def test_the_structs_are_as_large_as_those_of_c(struct: Any, name: str) -> None:
    assert struct.size == ffi.sizeof(f"ei_runner_{name}")


def test_an_answer_without_parts_has_none(answers: Answers) -> None:
    assert answers.read() == InferenceResult(timing=Timing())


def test_scores_come_with_the_anomaly_and_the_times(answers: Answers, kept: list[Any]) -> None:
    result = answers.result
    result.scores, result.score_count = floats(kept, 0.25, 0.75), 2
    result.has_anomaly, result.anomaly = 1, -1.5
    result.dsp_us, result.classification_us = 2**40, 2
    result.anomaly_us, result.postprocessing_us = 3, 4
    read = answers.read()
    assert read == InferenceResult(
        classification={"cat": 0.25, "wäve": 0.75}, anomaly=-1.5, timing=Timing(2**40, 2, 3, 4)
    )
    assert list(read.classification or ()) == list(LABELS)


def test_an_anomaly_of_zero_is_one(answers: Answers) -> None:
    answers.result.has_anomaly = 1
    assert answers.read().anomaly == 0.0


def test_scores_are_read_where_they_are_now(answers: Answers, kept: list[Any]) -> None:
    result = answers.result
    result.scores, result.score_count = floats(kept, 0.25, 0.75), 2
    first = answers.read()
    kept[0][0] = 0.5
    second = answers.read()
    result.scores = floats(kept, 1, 2)
    third = answers.read()
    told = [list((answer.classification or {}).values()) for answer in (first, second, third)]
    assert told == [[0.25, 0.75], [0.5, 0.75], [1, 2]]


def test_scores_that_are_not_those_of_the_labels_are_refused(
    answers: Answers, kept: list[Any]
) -> None:
    answers.result.scores, answers.result.score_count = floats(kept, 1, 2, 3), 3
    with pytest.raises(ValueError, match="3 scores for 2 labels"):
        answers.read()


def test_boxes_have_labels_of_the_model_or_texts(answers: Answers, kept: list[Any]) -> None:
    answers.result.boxes, answers.result.box_count = boxes_of(kept), 2
    assert answers.read() == InferenceResult(bounding_boxes=BOXES, timing=Timing())


def test_no_boxes_are_an_empty_part(answers: Answers, kept: list[Any]) -> None:
    answers.result.boxes = boxes_of(kept)
    assert answers.read() == InferenceResult(bounding_boxes=(), timing=Timing())


def test_all_rare_parts_come_together(answers: Answers, kept: list[Any]) -> None:
    result = answers.result
    result.scores, result.score_count = floats(kept, 0.25, 0.75), 2
    result.cells, result.cell_count = boxes_of(kept), 1
    result.visual_max, result.visual_mean = 0.5, 0.25
    track = ((-1, 0.25, 1, 2, 3, 4, text(kept, "Hünd")), -7, 8, (-1, 2, -3, 4))
    result.tracks, result.track_count = array(kept, "track", track), 1
    kept.append(ffi.new("uint32_t[]", [3, 4_000_000_000]))
    result.counts, result.count_count = kept[-1], 2
    tensors = array(kept, "values", (floats(kept, 1, 2, 3), 3), (floats(kept, 4), 1))
    result.tensors, result.tensor_count = tensors, 2
    result.detected_label = text(kept, "wäve")
    read = answers.read()
    assert read.classification == {"cat": 0.25, "wäve": 0.75}
    assert read.visual_anomaly == VisualAnomaly(BOXES[:1], 0.5, 0.25)
    assert read.object_tracking == (TrackedObject(-7, "Hünd", 0.25, 1, 2, 3, 4, 8, (-1, 2, -3, 4)),)
    assert read.counts == (3, 4_000_000_000)
    assert [tensor.tolist() for tensor in read.freeform or ()] == [[1, 2, 3], [4]]
    assert all(tensor.dtype == np.float32 for tensor in read.freeform or ())
    assert read.detected_label == "wäve"


@pytest.mark.parametrize("name", ["cells", "tracks"])
def test_a_part_that_is_empty_is_there(answers: Answers, kept: list[Any], name: str) -> None:
    setattr(answers.result, name, array(kept, "track" if name == "tracks" else "box", ()))
    read = answers.read()
    assert read.object_tracking == (() if name == "tracks" else None)
    assert read.visual_anomaly == (VisualAnomaly((), 0, 0) if name == "cells" else None)


def test_a_result_stays_as_it_was(answers: Answers, kept: list[Any]) -> None:
    result = answers.result
    result.boxes, result.box_count = boxes_of(kept), 2
    result.tensors, result.tensor_count = array(kept, "values", (floats(kept, 1), 1)), 1
    read = answers.read()
    for block in kept:
        ffi.memmove(block, bytes(ffi.sizeof(block)), ffi.sizeof(block))
    assert read.bounding_boxes == BOXES
    assert [tensor.tolist() for tensor in read.freeform or ()] == [[1]]
