from __future__ import annotations

import io
import json
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ei_runner_core import (
    BoundingBox,
    InferenceResult,
    Timing,
    TrackedObject,
    VisualAnomaly,
)

FULL = InferenceResult(
    classification={"zebra": 0.25, "ant": 0.75},
    bounding_boxes=(BoundingBox("ant", 0.5, 8, 16, 24, 32),),
    object_tracking=(TrackedObject(7, "ant", 0.5, 8, 16, 24, 32),),
    visual_anomaly=VisualAnomaly((BoundingBox("anomaly", 3.5, 0, 0, 8, 8),), 3.5, 1.25),
    anomaly=-0.125,
    freeform=(np.array([[1.0, 2.0]], np.float32),),
    timing=Timing(1500, 2600, 0, 40),
    info="engine text",
)


def test_every_part_stands_in_the_reply_as_the_protocol_has_it():
    box = {"label": "ant", "value": 0.5, "x": 8, "y": 16, "width": 24, "height": 32}
    cell = {"label": "anomaly", "value": 3.5, "x": 0, "y": 0, "width": 8, "height": 8}
    reply = FULL.to_dict()
    assert reply["result"] == {
        "classification": {"zebra": 0.25, "ant": 0.75},
        "bounding_boxes": [box],
        "object_tracking": [{"object_id": 7, **box}],
        "visual_anomaly_grid": [cell],
        "visual_anomaly_max": 3.5,
        "visual_anomaly_mean": 1.25,
        "anomaly": -0.125,
        "freeform": [[1.0, 2.0]],
    }
    assert reply["info"] == "engine text"
    assert (reply["timing"]["dsp"], reply["timing"]["classification"]) == (2, 3)
    assert reply["timing"]["dsp_us"] == 1500


def test_parts_that_are_not_there_are_left_out():
    assert InferenceResult().to_dict()["result"] == {}
    assert "info" not in InferenceResult().to_dict()


def test_a_reply_is_read_back_whole():
    reply = json.loads(json.dumps(FULL.to_dict()))
    again = InferenceResult.from_dict(reply, labels=("zebra", "ant"))
    assert again.to_dict() == reply
    assert list(again.classification) == ["zebra", "ant"]


def test_the_order_of_the_labels_is_the_models():
    reply = {"result": {"classification": {"a": 0.1, "b": 0.2, "extra": 0.3}}}
    result = InferenceResult.from_dict(reply, labels=("b", "a"))
    assert list(result.classification) == ["b", "a", "extra"]


def test_old_documents_nest_the_visual_anomaly():
    flat = FULL.to_dict()["result"]
    nested = {k: flat.pop(k) for k in list(flat) if k.startswith("visual_anomaly")}
    result = InferenceResult.from_dict({"result": flat | {"visual_anomaly": nested}})
    assert result.visual_anomaly == FULL.visual_anomaly


def test_labels_of_trackers_lose_their_suffix():
    box = {"label": "cat (id=12)", "value": 1, "x": 0, "y": 0, "width": 1, "height": 1}
    [read] = InferenceResult.from_dict({"result": {"bounding_boxes": [box]}}).bounding_boxes
    assert read.label == "cat"


def test_a_label_that_looks_like_a_trackers_is_kept():
    box = {"label": "bus (id=7)", "value": 1, "x": 0, "y": 0, "width": 1, "height": 1}
    reply = {"result": {"bounding_boxes": [box]}}
    [read] = InferenceResult.from_dict(reply, ["bus (id=7)"]).bounding_boxes
    assert read.label == "bus (id=7)"


def test_the_round_trip_to_a_process_is_no_step_of_the_inference():
    timing = Timing(dsp_us=10, round_trip_us=500)
    assert timing.total_us == 10
    assert Timing.from_dict(timing.to_dict()) == timing
    assert "round_trip_us" not in Timing(dsp_us=10).to_dict()


def test_milliseconds_are_read_where_microseconds_are_missing():
    timing = InferenceResult.from_dict({"timing": {"dsp": 3, "classification": 7}}).timing
    assert timing == Timing(3000, 7000, 0, 0)
    assert timing.total_us == 10_000


def test_a_result_cannot_be_changed():
    with pytest.raises(AttributeError):
        FULL.anomaly = 1.0


def test_top_ranks_classes_and_else_boxes():
    assert FULL.top() == [("ant", 0.75)]
    assert FULL.top(5) == [("ant", 0.75), ("zebra", 0.25)]
    assert FULL.top(0) == FULL.top(-1) == []
    boxes = (BoundingBox("a", 0.1, 0, 0, 1, 1), BoundingBox("b", 0.9, 0, 0, 1, 1))
    assert InferenceResult(bounding_boxes=boxes).top() == [("b", 0.9)]
    assert InferenceResult().top(3) == []


@given(st.dictionaries(st.text(), st.floats(0, 1), max_size=8), st.integers(0, 10))
def test_top_is_sorted_and_keeps_the_models_order_among_equals(scores, n):
    best = InferenceResult(classification=scores).top(n)
    assert len(best) == min(n, len(scores))
    order = list(scores)
    keys = [(-value, order.index(label)) for label, value in best]
    assert keys == sorted(keys)


def test_repr_says_what_there_is():
    assert repr(FULL) == (
        "<InferenceResult classification 'ant': 0.75, 'zebra': 0.25; 1 boxes ('ant': 0.5); "
        "1 tracks; visual anomaly max 3.5; anomaly -0.125; freeform (1, 2); 4.14 ms>"
    )
    assert "not enough data yet" in repr(InferenceResult(ready=False))
    many = InferenceResult(classification={str(k): k / 10 for k in range(10)})
    assert "'9': 0.9, '8': 0.8, '7': 0.7 and 7 more" in repr(many)


def test_a_terminal_shows_a_table():
    rich_console = pytest.importorskip("rich.console")
    console = rich_console.Console(file=io.StringIO(), width=80)
    console.print(FULL)
    text = console.file.getvalue()
    assert "zebra" in text
    assert "0.75" in text


def test_results_travel_between_processes():
    light = InferenceResult(classification={"a": 1.0}, timing=Timing(1, 2, 3, 4))
    assert pickle.loads(pickle.dumps(light)) == light


def test_the_centroid_is_the_middle_of_the_box():
    assert BoundingBox("a", 1, 8, 16, 24, 32).centroid == (20.0, 32.0)
