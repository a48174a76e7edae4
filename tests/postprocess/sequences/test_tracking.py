from __future__ import annotations

import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ei_runner_core import InvalidInputError, postprocess
from ei_runner_core.results import BoundingBox

OVERLAP = {"keep_grace": 2, "max_observations": 5, "threshold": 0.3, "use_iou": True}
DISTANCE = OVERLAP | {"threshold": 30.0, "use_iou": False}

corners = st.tuples(*[st.integers(0, 200)] * 2, *[st.integers(0, 40)] * 2)
frames = st.lists(st.lists(corners, max_size=5, unique=True), max_size=6)


def tracking(config=OVERLAP):
    return postprocess.create("tracking", config)


def found(boxes, label="cup", value=0.5):
    return {"bounding_boxes": tuple(BoundingBox(label, value, *box) for box in boxes)}


def tracks(step, boxes, **kinds):
    return step.update(found(boxes, **kinds))["object_tracking"]


def boxes_of(tracked):
    return [(track.x, track.y, track.width, track.height) for track in tracked]


@pytest.mark.parametrize("config", [OVERLAP, DISTANCE])
def test_an_object_that_moves_keeps_its_number_and_is_shown_a_frame_late(config):
    step = tracking(config)
    shown = [tracks(step, [(x, 20, 16, 16)], value=x / 64) for x in (10, 14, 18)]
    assert [[track.object_id for track in tracked] for tracked in shown] == [[0]] * 3
    assert [tracked[0].x for tracked in shown] == [10, 10, 14]
    assert [tracked[0].value for tracked in shown] == [10 / 64, 10 / 64, 14 / 64]
    assert [tracked[0].last_ground_truth_update_t for tracked in shown] == [0, 1, 2]
    assert shown[2][0].last_centroid_segment == (22, 28, 26, 28)


def test_an_object_that_is_not_seen_stays_for_the_grace_and_no_longer():
    step = tracking()
    shown = [tracks(step, boxes) for boxes in ([(10, 10, 9, 9)], [], [], [], [])]
    assert [len(tracked) for tracked in shown] == [1, 1, 1, 0, 0]
    assert tracks(step, [(10, 10, 9, 9)])[0].object_id == 1


def test_labels_are_not_compared_and_the_first_one_stays():
    step = tracking()
    tracks(step, [(10, 10, 9, 9)], label="cup")
    (track,) = tracks(step, [(10, 10, 9, 9)], label="dog")
    assert (track.object_id, track.label) == (0, "cup")


def test_a_track_that_remembers_one_box_has_no_last_step():
    step = tracking(OVERLAP | {"max_observations": 1})
    for x in (10, 12):
        (track,) = tracks(step, [(x, 10, 30, 30)])
    assert track.last_centroid_segment == (0, 0, 0, 0)


@settings(max_examples=40)
@given(frames)
def test_numbers_are_unique_and_new_ones_are_the_next(sequence):
    step = tracking()
    born = []
    for boxes in sequence:
        numbers = [track.object_id for track in tracks(step, boxes)]
        assert numbers == sorted(set(numbers))
        born += [number for number in numbers if number not in born]
    assert born == list(range(len(born)))


@settings(max_examples=40)
@given(frames, st.sampled_from([OVERLAP, DISTANCE]), st.randoms(use_true_random=False))
def test_the_order_of_detections_does_not_matter(sequence, config, shuffler):
    one, other = tracking(config), tracking(config)
    for boxes in sequence:
        assert tracks(one, boxes) == tracks(other, shuffler.sample(boxes, len(boxes)))


@settings(max_examples=40)
@given(frames)
def test_a_reset_makes_everything_as_new(sequence):
    step = tracking()
    first = [tracks(step, boxes) for boxes in sequence]
    step.reset()
    assert [tracks(step, boxes) for boxes in sequence] == first


@settings(max_examples=40)
@given(frames)
def test_predictions_are_plain_whole_numbers_that_are_not_negative(sequence):
    step = tracking(DISTANCE)
    for boxes in sequence:
        for box in boxes_of(tracks(step, boxes)):
            assert all(type(side) is int and side >= 0 for side in box)


@pytest.mark.parametrize("config", [OVERLAP, DISTANCE])
def test_boxes_without_any_area_are_tracked_like_others(config):
    step = tracking(config)
    for _ in range(3):
        tracked = tracks(step, [(10, 10, 0, 0), (10, 10, 0, 8), (50, 50, 0, 0)])
    assert all(math.isfinite(side) for box in boxes_of(tracked) for side in box)
    # without any overlap they are new in every frame
    assert max(track.object_id for track in tracked) == (8 if config is OVERLAP else 2)


def test_scores_that_are_no_numbers_do_not_disturb_the_tracks():
    step = tracking()
    tracks(step, [(10, 10, 9, 9)], value=math.nan)
    (track,) = tracks(step, [(10, 10, 9, 9)], value=0.5)
    assert track.object_id == 0
    assert math.isnan(track.value)


def test_many_boxes_are_tracked_one_by_one():
    boxes = [(x, y, 6, 6) for x in range(0, 200, 10) for y in range(0, 200, 10)]
    step = tracking()
    shuffled = random.Random(1).sample(boxes, len(boxes))
    assert boxes_of(tracks(step, boxes)) == boxes
    assert boxes_of(tracks(step, shuffled)) == boxes


def test_limits_can_be_changed_and_read_back():
    step = tracking()
    limits = {"keep_grace": 2, "max_observations": 5, "threshold": 0.3}
    assert step.threshold_type == "object_tracking"
    assert step.thresholds() == limits
    step.set_threshold(keep_grace=0)
    assert step.thresholds() == limits | {"keep_grace": 0}
    tracks(step, [(10, 10, 9, 9)])
    assert tracks(step, []) == ()


def test_a_changed_memory_is_that_of_new_tracks_only():
    step = tracking()
    tracks(step, [(10, 10, 30, 30)])
    step.set_threshold(max_observations=1)
    old, new = [tracks(step, [(10, 10, 30, 30), (90, 90, 30, 30)]) for _ in range(2)][-1]
    assert old.last_centroid_segment == (25, 25, 25, 25)
    assert new.last_centroid_segment == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"keep_grace": 1.5}, "'keep_grace' .* is 1.5, expected a number from 0 to"),
        ({"keep_grace": -1}, "'keep_grace' .* is -1"),
        ({"threshold": math.nan}, "'threshold' .* is nan, expected a finite number"),
        ({"threshold": 0.9, "max_observations": "5"}, "'max_observations' .* is '5'"),
        ({"min_score": 0.5}, "has no value 'min_score' to change; it has: keep_grace, max_obs"),
        ({"threshold": 0.9, "use_iou": False}, "has no value 'use_iou'"),
    ],
)
def test_a_wrong_limit_is_refused_and_nothing_is_changed(values, message):
    step = tracking()
    before = step.thresholds()
    with pytest.raises(InvalidInputError, match=message):
        step.set_threshold(**values)
    assert step.thresholds() == before


@pytest.mark.parametrize(
    "config",
    [{"keep_grace": 0.5}, {"use_iou": 1}, {"threshold": "0.5"}, {"grace": 5}, [], {"sensors": 3}],
)
def test_a_wrong_config_is_one_clear_error(config):
    with pytest.raises(InvalidInputError, match="tracking step"):
        tracking(config)


def test_the_settings_may_stand_in_a_description_of_the_stream():
    stream = {"threshold": 0.9, "scale": 2.0, "sensor": 3, "object_tracking": OVERLAP}
    assert tracking(stream).thresholds() == tracking(OVERLAP).thresholds()


def test_tracking_needs_boxes():
    with pytest.raises(InvalidInputError, match="works on bounding boxes, .* has classification"):
        tracking().update({"classification": {"cup": 1.0}})


def test_what_other_steps_found_is_kept_and_not_touched():
    parts = found([(1, 2, 3, 4)]) | {"anomaly": 0.5}
    before = dict(parts)
    after = tracking().update(parts)
    assert parts == before
    assert {name: after[name] for name in parts} == parts
    assert np.shape(after["object_tracking"]) == (1,)
