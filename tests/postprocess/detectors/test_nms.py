from __future__ import annotations

import numpy as np
import pytest
from golden_cases import golden
from hypothesis import given
from hypothesis import strategies as st

from ei_runner_core import InvalidInputError
from ei_runner_core.postprocess import nms


def pixels(case, index):
    width, height = case.config["input_width"], case.config["input_height"]
    y1, x1, y2, x2 = case.arrays["boxes"][index]
    if case.config["clip_boxes"]:
        y1, y2 = np.clip([y1, y2], 0, height)
        x1, x2 = np.clip([x1, x2], 0, width)
    return {"x": int(x1), "y": int(y1), "width": int(x2) - int(x1), "height": int(y2) - int(y1)}


@golden("postprocess/nms")
def test_suppression_keeps_what_the_sdk_keeps(case):
    arrays = (case.arrays[name] for name in ("boxes", "scores", "classes"))
    kept = nms(*arrays, **case.config["nms_config"])
    labels = case.config["categories"]
    assert [
        {
            "label": labels[case.arrays["classes"][index]],
            **pixels(case, index),
            "value": float(case.arrays["scores"][index]),
        }
        for index in kept
    ] == case.expected["bounding_boxes"]


def iou(a, b):
    """Intersection over union of two boxes in float32, as the definition has it."""
    sides = [np.float32(side) for side in (*a, *b)]
    top, left, bottom, right = sides[:4]
    top_b, left_b, bottom_b, right_b = sides[4:]
    height = max(min(bottom, bottom_b) - max(top, top_b), np.float32(0))
    width = max(min(right, right_b) - max(left, left_b), np.float32(0))
    common = height * width
    area, area_b = (bottom - top) * (right - left), (bottom_b - top_b) * (right_b - left_b)
    return common / (area + area_b - common) if area > 0 and area_b > 0 else np.float32(0)


@st.composite
def candidates(draw, distinct=False):
    count = draw(st.integers(0, 90))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    start, size = rng.integers(0, 40, (count, 2)), rng.integers(0, 20, (count, 2))
    boxes = np.concatenate([start, start + size], axis=1).astype(np.float32)
    steps = count if distinct else draw(st.integers(1, 8))
    numbers = rng.permutation(count) if distinct else rng.integers(0, steps, count)
    return boxes, ((numbers + 1) / (steps + 1)).astype(np.float32), rng.integers(0, 3, count)


thresholds = st.sampled_from([0.1, 0.2, 0.25, 0.5, 1.0])


@given(candidates(), thresholds)
def test_what_is_kept_does_not_overlap_and_what_is_dropped_does(found, threshold):
    boxes, scores, _ = found
    kept = nms(boxes, scores, iou_threshold=threshold)
    for position, index in enumerate(kept):
        before = kept[:position]
        assert all(iou(boxes[index], boxes[other]) < np.float32(threshold) for other in before)
    for index in set(range(len(scores))) - set(kept.tolist()):
        better = [other for other in kept if scores[other] >= scores[index]]
        assert any(iou(boxes[index], boxes[other]) >= np.float32(threshold) for other in better)


@given(candidates(), thresholds)
def test_the_best_candidate_is_kept_and_comes_first(found, threshold):
    boxes, scores, _ = found
    kept = nms(boxes, scores, iou_threshold=threshold)
    assert len(set(kept.tolist())) == len(kept)
    assert np.all(np.diff(scores[kept]) <= 0)
    if len(scores):
        assert scores[kept[0]] == scores.max()


@given(candidates(), thresholds)
def test_what_is_kept_is_kept_again(found, threshold):
    boxes, scores, _ = found
    kept = nms(boxes, scores, iou_threshold=threshold)
    again = nms(boxes[kept], scores[kept], iou_threshold=threshold)
    assert sorted(again.tolist()) == list(range(len(kept)))


@given(candidates(distinct=True), thresholds, st.randoms())
def test_the_order_of_candidates_does_not_matter_where_none_are_equal(found, threshold, random):
    boxes, scores, _ = found
    order = list(range(len(scores)))
    random.shuffle(order)
    shuffled = nms(boxes[order], scores[order], iou_threshold=threshold)
    assert [order[i] for i in shuffled] == nms(boxes, scores, iou_threshold=threshold).tolist()


@given(candidates(), thresholds)
def test_per_class_is_what_each_class_gives_alone(found, threshold):
    boxes, scores, classes = found
    expected = []
    for label in range(3):
        members = np.flatnonzero(classes == label)
        expected += members[nms(boxes[members], scores[members], iou_threshold=threshold)].tolist()
    kept = nms(boxes, scores, classes, iou_threshold=threshold, per_class=True)
    assert kept.tolist() == expected


@given(candidates(), st.floats(0, 1))
def test_only_scores_above_the_confidence_threshold_are_candidates(found, threshold):
    boxes, scores, _ = found
    above = np.flatnonzero(scores > np.float32(threshold))
    kept = nms(boxes, scores, confidence_threshold=threshold)
    assert kept.tolist() == above[nms(boxes[above], scores[above])].tolist()


def one_by_one(boxes, scores, classes, threshold):
    """The definition, without blocks and windows."""
    order = np.lexsort([-scores, classes])
    y1, x1, y2, x2 = boxes[order].T
    area = (y2 - y1) * (x2 - x1)
    alive, kept = np.ones(len(order), bool), []
    for i in range(len(order)):
        if alive[i]:
            kept.append(order[i])
            height = (np.minimum(y2, y2[i]) - np.maximum(y1, y1[i])).clip(0)
            width = (np.minimum(x2, x2[i]) - np.maximum(x1, x1[i])).clip(0)
            common = height * width
            over = common / (area + area[i] - common) >= np.float32(threshold)
            alive &= ~(over & (classes[order] == classes[order[i]]))
    return kept


@pytest.mark.parametrize("class_count", [1, 2, 7])
def test_thousands_of_boxes_are_suppressed_like_a_few(class_count):
    rng = np.random.default_rng(class_count)
    start, size = rng.random((3000, 2)), rng.random((3000, 2)) / 15 + 0.01
    boxes = np.concatenate([start, start + size], axis=1).astype(np.float32)
    scores = (rng.permutation(3000) + 1).astype(np.float32)
    classes = rng.integers(0, class_count, 3000)
    kept = nms(boxes, scores, classes, iou_threshold=0.3, per_class=True)
    assert kept.tolist() == one_by_one(boxes, scores, classes, 0.3)
    assert len(kept) > 500


def test_opposite_corners_may_come_in_any_order():
    boxes = np.array([[0, 0, 10, 10], [10, 10, 0, 0], [0, 10, 10, 0]])
    assert nms(boxes, [0.5, 0.9, 0.7]).tolist() == [1]


def test_boxes_without_an_area_suppress_nothing():
    assert sorted(nms(np.zeros((5, 4)), np.ones(5)).tolist()) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("threshold", [0, -1])
def test_a_threshold_of_nothing_keeps_only_the_best(threshold):
    boxes = [[0, 0, 1, 1], [5, 5, 9, 9], [7, 7, 7, 7]]
    assert nms(boxes, [0.5, 0.9, 0.7], iou_threshold=threshold).tolist() == [1]


def test_an_overlap_of_exactly_the_threshold_suppresses():
    boxes = [[0, 0, 64, 64], [0, 0, 32, 64]]
    assert nms(boxes, [0.9, 0.8], iou_threshold=0.5).tolist() == [0]
    assert nms(boxes, [0.9, 0.8], iou_threshold=0.5001).tolist() == [0, 1]


def test_what_is_not_finite_is_no_candidate():
    nan, inf = np.nan, np.inf
    boxes = [[0, 0, 9, 9], [nan, 0, 9, 9], [20, 20, inf, 30], [0, 0, 9, 9]]
    assert nms(boxes, [0.5, 0.9, 0.8, nan]).tolist() == [0]


def test_huge_boxes_do_not_overflow_into_warnings():
    boxes = [[-3e38, -3e38, 3e38, 3e38], [0, 0, 1e30, 1e30], [0, 0, 1e300, 1]]
    assert nms(boxes, [0.5, 0.9, 0.8]).tolist() == [1, 0]


def test_no_boxes_are_no_problem():
    assert nms(np.empty((0, 4)), []).tolist() == []


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (([[0, 0, 1, 1]], [1, 1]), {}, r"shapes \(1, 4\) and \(2,\), expected \(n, 4\)"),
        (([0, 0, 1, 1], [1]), {}, r"shapes \(4,\) and \(1,\)"),
        (([[0, 0, 1, 1]], [[1]]), {}, r"shapes \(1, 4\) and \(1, 1\)"),
        ((["box"], [1]), {}, "the boxes are no array of numbers"),
        (([[0, 0, 1, 1]], [1]), {"per_class": True}, r"shape \(1,\) was expected, got \(\)"),
        (([[0, 0, 1, 1]], [1], [1, 2]), {"per_class": True}, r"got \(2,\)"),
        (([[0, 0, 1, 1]], [1]), {"iou_threshold": np.nan}, "'iou_threshold' .* is nan, expected"),
        (([[0, 0, 1, 1]], [1]), {"confidence_threshold": "0"}, "'confidence_threshold' .* '0'"),
    ],
)
def test_a_wrong_argument_is_one_clear_error(arguments, options, message):
    with pytest.raises(InvalidInputError, match=message):
        nms(*arguments, **options)
