"""Golden sequences as the parts of results, and parts as golden rows."""

from __future__ import annotations

from typing import Any

from golden_cases import GoldenCase

from ei_runner_core import postprocess
from ei_runner_core.results import BoundingBox, ResultParts, TrackedObject

BOX_FIELDS = ("label", "x", "y", "width", "height", "value")


def step_of(kind: str, case: GoldenCase) -> Any:
    """A step from the whole config of a case."""
    config = case.config
    return postprocess.create(
        kind,
        config,
        width=config.get("input_width", 0),
        height=config.get("input_height", 0),
        labels=config.get("categories", ()),
    )


def scores_of(labels: Any, values: Any) -> ResultParts:
    return {"classification": dict(zip(labels, map(float, values), strict=True))}


def detections_of(case: GoldenCase, frame: int) -> ResultParts:
    """What an object detector found in a frame, in the order of the case."""
    arrays, labels = case.arrays, case.config["categories"]
    rows = (arrays["det_frame"] == frame).nonzero()[0]
    boxes = (
        BoundingBox(
            labels[arrays["det_label"][row]],
            float(arrays["det_value"][row]),
            *map(int, arrays["det_box"][row]),
        )
        for row in rows
    )
    return {"bounding_boxes": tuple(boxes)}


def changes_at(case: GoldenCase, frame: int, kind: str) -> dict[str, float]:
    """What is changed before a frame."""
    events = case.config.get("events", ())
    return next((event[kind] for event in events if event["frame"] == frame), {})


def box_row(box: BoundingBox) -> dict[str, Any]:
    return {name: getattr(box, name) for name in BOX_FIELDS}


def track_row(track: TrackedObject) -> dict[str, Any]:
    return {
        "id": track.object_id,
        "last_ground_truth_update_t": track.last_ground_truth_update_t,
        "last_centroid_segment": list(track.last_centroid_segment),
        **{name: getattr(track, name) for name in BOX_FIELDS},
    }
