"""From the result of C to an :class:`InferenceResult`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ei_runner_core import (
    BoundingBox,
    InferenceResult,
    Timing,
    TrackedObject,
    VisualAnomaly,
)

from .native import ffi, text_of

__all__ = ["Answers"]


class Answers:
    """The answers of one model, in the memory that its library fills.

    Args:
        labels: the labels of the model.

    Attributes:
        result: where the functions of the library write.
    """

    def __init__(self, labels: Sequence[str]) -> None:
        self._labels = tuple(labels)
        self.result = ffi.new("ei_runner_result *")

    def read(self) -> InferenceResult:
        """The answer as it stands in the memory of the library; everything is copied out."""
        result = self.result[0]
        timing = Timing(
            result.dsp_us, result.classification_us, result.anomaly_us, result.postprocessing_us
        )
        anomaly = result.anomaly if result.has_anomaly else None
        if result.scores:
            scores = dict(
                zip(self._labels, ffi.unpack(result.scores, result.score_count), strict=True)
            )
            if not (result.cells or result.detected_label or result.tensors):
                return InferenceResult(classification=scores, anomaly=anomaly, timing=timing)
        else:
            scores = None
        return InferenceResult(
            classification=scores,
            bounding_boxes=self._boxes(result.boxes, result.box_count),
            object_tracking=self._tracks(result),
            visual_anomaly=self._visual_anomaly(result),
            anomaly=anomaly,
            freeform=_tensors(result),
            counts=_counts(result),
            detected_label=text_of(result.detected_label) or None,
            timing=timing,
        )

    def _boxes(self, boxes: Any, count: int) -> tuple[BoundingBox, ...] | None:
        return tuple(map(self._box, boxes[0:count])) if boxes else None

    def _box(self, box: Any) -> BoundingBox:
        return BoundingBox(self._label(box), box.value, box.x, box.y, box.width, box.height)

    def _label(self, box: Any) -> str:
        return self._labels[box.label] if box.label >= 0 else text_of(box.text)

    def _tracks(self, result: Any) -> tuple[TrackedObject, ...] | None:
        return (
            tuple(map(self._track, result.tracks[0 : result.track_count]))
            if result.tracks
            else None
        )

    def _track(self, track: Any) -> TrackedObject:
        box = track.box
        place = (box.x, box.y, box.width, box.height)
        x1, y1, x2, y2 = track.segment
        return TrackedObject(
            track.id, self._label(box), box.value, *place, track.last_update, (x1, y1, x2, y2)
        )

    def _visual_anomaly(self, result: Any) -> VisualAnomaly | None:
        cells = self._boxes(result.cells, result.cell_count)
        return (
            None if cells is None else VisualAnomaly(cells, result.visual_max, result.visual_mean)
        )


def _counts(result: Any) -> tuple[int, ...] | None:
    return tuple(result.counts[0 : result.count_count]) if result.counts else None


def _tensors(result: Any) -> tuple[np.ndarray, ...] | None:
    if not result.tensors:
        return None
    return tuple(
        np.frombuffer(ffi.buffer(one.values, 4 * one.count), np.float32).copy()
        for one in result.tensors[0 : result.tensor_count]
    )
