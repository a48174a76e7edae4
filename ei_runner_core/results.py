"""What an inference answers: one frozen record with optional parts.

An impulse can give several kinds of answer at once (classes *and* an anomaly score, boxes *and*
tracks), so there is one :class:`InferenceResult`, not one class for each kind of model.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypedDict

from msgspec import Struct

if TYPE_CHECKING:
    import numpy as np
    from rich.console import RenderableType

    from .images import ImageMapping

__all__ = [
    "BoundingBox",
    "InferenceResult",
    "ResultParts",
    "Timing",
    "TrackedObject",
    "VisualAnomaly",
]

_TRACK_FIELDS = ("object_id", "label", "value", "x", "y", "width", "height")
_TRACKER_SUFFIX = re.compile(r" \(id=\d+\)$")


class BoundingBox(Struct, frozen=True):
    """A detected object. The unit is the pixel of the model's input; (x, y) is the top left."""

    label: str
    value: float
    x: int
    y: int
    width: int
    height: int

    @property
    def centroid(self) -> tuple[float, float]:
        """The middle of the box as (x, y): what a FOMO model really detects."""
        return self.x + self.width / 2, self.y + self.height / 2


class TrackedObject(Struct, frozen=True):
    """A box that keeps its ``object_id`` from frame to frame.

    ``last_ground_truth_update_t`` is the number of the frame (from 0) that last showed the object,
    ``last_centroid_segment`` its last step as (x1, y1, x2, y2), all 0 while there is none. The EIM
    protocol has neither.
    """

    object_id: int
    label: str
    value: float
    x: int
    y: int
    width: int
    height: int
    last_ground_truth_update_t: int = 0
    last_centroid_segment: tuple[int, int, int, int] = (0, 0, 0, 0)


class VisualAnomaly(Struct, frozen=True):
    """Anomaly scores over an image: the cells above the threshold, the largest score, the mean."""

    grid: tuple[BoundingBox, ...]
    max: float
    mean: float


class Timing(Struct, frozen=True):
    """How long the steps of one inference took, in whole microseconds.

    ``round_trip_us`` is the time from the question to the answer where a process of its own gives
    it, with everything that is no step; else 0.
    """

    dsp_us: int = 0
    classification_us: int = 0
    anomaly_us: int = 0
    postprocessing_us: int = 0
    round_trip_us: int = 0

    @property
    def total_us(self) -> int:
        """All steps together."""
        return self.dsp_us + self.classification_us + self.anomaly_us + self.postprocessing_us

    def to_dict(self) -> dict[str, int]:
        """The ``timing`` object of the EIM protocol (milliseconds) and the same in microseconds."""
        timing = {
            "dsp": round(self.dsp_us / 1000),
            "classification": round(self.classification_us / 1000),
            "anomaly": round(self.anomaly_us / 1000),
            "dsp_us": self.dsp_us,
            "classification_us": self.classification_us,
            "anomaly_us": self.anomaly_us,
            "postprocessing_us": self.postprocessing_us,
        }
        return timing | ({"round_trip_us": self.round_trip_us} if self.round_trip_us else {})

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Timing:
        """Read a ``timing`` object; microseconds win over milliseconds where both are given."""

        def microseconds(name: str) -> int:
            exact = data.get(f"{name}_us")
            return int(exact) if exact is not None else int(1000 * (data.get(name) or 0))

        steps = ("dsp", "classification", "anomaly", "postprocessing", "round_trip")
        return cls(*map(microseconds, steps))


class ResultParts(TypedDict, total=False):
    """The parts of an :class:`InferenceResult` that one post-processing step contributes."""

    classification: dict[str, float]
    bounding_boxes: tuple[BoundingBox, ...]
    object_tracking: tuple[TrackedObject, ...]
    visual_anomaly: VisualAnomaly
    anomaly: float
    freeform: tuple[np.ndarray, ...]
    counts: tuple[int, ...]
    detected_label: str | None


class InferenceResult(Struct, frozen=True, kw_only=True):
    """The answer to one window, image or slice. A part that the model does not give is ``None``.

    ``classification`` maps each label to its score, in the order of the model's labels; a
    regression model answers with the one label ``"value"``. ``counts`` tells how often an object
    crossed each line of an object counter so far, ``detected_label`` the event that calibration or
    smoothing reports. ``ready`` is false while a continuous model has not yet seen a whole window:
    then there is no answer yet. ``info`` is a text that some engines add. ``image`` tells where the
    image lies in the model's input, if the question was an image; see :attr:`on_image`.
    """

    classification: dict[str, float] | None = None
    bounding_boxes: tuple[BoundingBox, ...] | None = None
    object_tracking: tuple[TrackedObject, ...] | None = None
    visual_anomaly: VisualAnomaly | None = None
    anomaly: float | None = None
    freeform: tuple[np.ndarray, ...] | None = None
    counts: tuple[int, ...] | None = None
    detected_label: str | None = None
    timing: Timing = Timing()
    info: str | None = None
    ready: bool = True
    image: ImageMapping | None = None

    @property
    def on_image(self) -> InferenceResult:
        """The same with boxes, tracks and grid in pixels of the image that was asked about.

        They are cut where the image ends. A result that knows of no image is returned as it is.
        """
        return self if self.image is None else self.image.map_result(self)

    def top(self, n: int = 1) -> list[tuple[str, float]]:
        """The ``n`` best (label, score) pairs, best first; equal scores keep the model's order.

        Classes are ranked where there are any, else the boxes. A model that gives neither
        answers with an empty list.
        """
        if self.classification is not None:
            return _best(self.classification.items(), n)
        return _best(((box.label, box.value) for box in self.bounding_boxes or ()), n)

    def to_dict(self) -> dict[str, Any]:
        """The reply of the EIM protocol without ``id`` and ``success``, ready for JSON."""
        result: dict[str, Any] = {}
        if self.classification is not None:
            result["classification"] = dict(self.classification)
        if self.bounding_boxes is not None:
            result["bounding_boxes"] = [_fields(box) for box in self.bounding_boxes]
        if self.object_tracking is not None:
            result["object_tracking"] = [_track(track) for track in self.object_tracking]
        if self.visual_anomaly is not None:
            result["visual_anomaly_grid"] = [_fields(cell) for cell in self.visual_anomaly.grid]
            result["visual_anomaly_max"] = self.visual_anomaly.max
            result["visual_anomaly_mean"] = self.visual_anomaly.mean
        if self.anomaly is not None:
            result["anomaly"] = self.anomaly
        if self.freeform is not None:
            result["freeform"] = [tensor.ravel().tolist() for tensor in self.freeform]
        reply: dict[str, Any] = {"result": result, "timing": self.timing.to_dict()}
        if self.info:
            reply["info"] = self.info
        return reply

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], labels: Sequence[str] = ()) -> InferenceResult:
        """Read an EIM reply of any generation.

        ``labels`` gives the order of the classes, which the protocol loses. Visual anomaly may
        stand flat in ``result`` or, as in old documents, in an object of its own.
        """
        result = data.get("result", {})
        visual = result.get("visual_anomaly", result)
        return cls(
            classification=_in_order(result.get("classification"), labels),
            bounding_boxes=_boxes(result.get("bounding_boxes"), labels),
            object_tracking=_tracks(result.get("object_tracking")),
            visual_anomaly=_visual_anomaly(visual) if "visual_anomaly_max" in visual else None,
            anomaly=result.get("anomaly"),
            freeform=_arrays(result.get("freeform")),
            timing=Timing.from_dict(data.get("timing", {})),
            info=data.get("info"),
        )

    def __repr__(self) -> str:
        parts = [] if self.ready else ["not enough data yet"]
        if self.classification is not None:
            parts.append(f"classification {_shown(self.classification.items())}")
        if self.bounding_boxes is not None:
            pairs = [(box.label, box.value) for box in self.bounding_boxes]
            parts.append(f"{len(pairs)} boxes" + (f" ({_shown(pairs)})" if pairs else ""))
        if self.object_tracking is not None:
            parts.append(f"{len(self.object_tracking)} tracks")
        if self.counts is not None:
            parts.append(f"counts {', '.join(map(str, self.counts))}")
        if self.detected_label is not None:
            parts.append(f"detected {self.detected_label!r}")
        if self.visual_anomaly is not None:
            parts.append(f"visual anomaly max {self.visual_anomaly.max:.4g}")
        if self.anomaly is not None:
            parts.append(f"anomaly {self.anomaly:.4g}")
        if self.freeform is not None:
            parts.append("freeform " + ", ".join(str(tensor.shape) for tensor in self.freeform))
        parts.append(f"{self.timing.total_us / 1000:.3g} ms")
        return f"<InferenceResult {'; '.join(parts)}>"

    def __rich__(self) -> RenderableType:
        from ._tables import result_table

        return result_table(self)


def _best(pairs: Iterable[tuple[str, float]], n: int) -> list[tuple[str, float]]:
    return sorted(pairs, key=lambda pair: -pair[1])[: max(n, 0)]


def _shown(pairs: Collection[tuple[str, float]]) -> str:
    best = ", ".join(f"{label!r}: {value:.4g}" for label, value in _best(pairs, 3))
    return best + (f" and {len(pairs) - 3} more" if len(pairs) > 3 else "")


def _fields(struct: Struct) -> dict[str, Any]:
    return {name: getattr(struct, name) for name in struct.__struct_fields__}


def _in_order(scores: Mapping[str, float] | None, labels: Sequence[str]) -> dict[str, float] | None:
    if scores is None:
        return None
    ordered = {label: scores[label] for label in labels if label in scores}
    return ordered | {label: value for label, value in scores.items() if label not in ordered}


def _boxes(
    rows: Sequence[Mapping[str, Any]] | None, labels: Sequence[str] = ()
) -> tuple[BoundingBox, ...] | None:
    if rows is None:
        return None
    return tuple(
        BoundingBox(
            row["label"] if row["label"] in labels else _TRACKER_SUFFIX.sub("", row["label"]),
            *(row[k] for k in ("value", "x", "y", "width", "height")),
        )
        for row in rows
    )


def _tracks(rows: Sequence[Mapping[str, Any]] | None) -> tuple[TrackedObject, ...] | None:
    if rows is None:
        return None
    return tuple(TrackedObject(*(row[k] for k in _TRACK_FIELDS)) for row in rows)


def _track(track: TrackedObject) -> dict[str, Any]:
    return {name: getattr(track, name) for name in _TRACK_FIELDS}


def _visual_anomaly(data: Mapping[str, Any]) -> VisualAnomaly:
    grid = _boxes(data.get("visual_anomaly_grid", ()))
    return VisualAnomaly(grid or (), data["visual_anomaly_max"], data["visual_anomaly_mean"])


def _arrays(tensors: Sequence[Sequence[float]] | None) -> tuple[np.ndarray, ...] | None:
    if tensors is None:
        return None
    import numpy as np

    return tuple(np.asarray(tensor, np.float32) for tensor in tensors)
