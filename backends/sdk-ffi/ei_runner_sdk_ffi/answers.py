"""From the result of C to an :class:`InferenceResult`.

After milliseconds of a network's kernels little of Python is left in the caches of the processor,
and each object that is looked at takes its time. So the structs are read as wholes: a field of
theirs, asked of cffi by name, takes about as long as unpacking all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from struct import Struct
from typing import Any

import numpy as np
from msgspec.structs import replace

from ei_runner_core import (
    BoundingBox,
    InferenceResult,
    Timing,
    TrackedObject,
    VisualAnomaly,
)

from .native import ffi, text_of

__all__ = ["Answers"]

# The structs of ei_runner.h, without the fields that few models need: those are asked of cffi.
_RESULT = Struct("@7P2I16xif8x4q")
_BOX = Struct("@if4IP")
_TRACK = Struct("@if4IP6i")


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
        self._memory = ffi.buffer(self.result)
        self._unpack = _RESULT.unpack
        self._scores_at = 0
        self._scores_memory: Any = b""
        self._scores = Struct(f"@{len(self._labels)}f")

    def read(self) -> InferenceResult:
        """The answer as it stands in the memory of the library; everything is copied out."""
        (
            scores, boxes, cells, tracks, counts, tensors, detected_label, score_count, box_count,
            has_anomaly, anomaly, dsp_us, classification_us, anomaly_us, postprocessing_us,
        ) = self._unpack(self._memory)  # fmt: skip
        if scores:
            if scores != self._scores_at:
                self._find_scores(scores, score_count)
            values = self._scores.unpack(self._scores_memory)
            classification = dict(zip(self._labels, values))  # noqa: B905 - as many as labels
        else:
            classification = None
        bounding_boxes: tuple[BoundingBox, ...] | None = () if boxes else None
        if box_count:
            bounding_boxes = self._boxes(self.result.boxes, box_count)
        answer = InferenceResult(
            classification=classification,
            bounding_boxes=bounding_boxes,
            anomaly=anomaly if has_anomaly else None,
            timing=Timing(dsp_us, classification_us, anomaly_us, postprocessing_us),
        )
        if cells or tracks or counts or tensors or detected_label:
            return replace(answer, **self._rare_parts())
        return answer

    def _find_scores(self, start: int, count: int) -> None:
        """Look where the scores are: they stay there, as a rule."""
        if count != len(self._labels):
            raise ValueError(f"there are {count} scores for {len(self._labels)} labels")
        self._scores_memory = ffi.buffer(self.result.scores, self._scores.size)
        self._scores_at = start

    def _rare_parts(self) -> dict[str, Any]:
        result = self.result[0]
        return {
            "object_tracking": self._tracks(result),
            "visual_anomaly": self._visual_anomaly(result),
            "freeform": _tensors(result),
            "counts": _counts(result),
            "detected_label": text_of(result.detected_label) or None,
        }

    def _boxes(self, start: Any, count: int) -> tuple[BoundingBox, ...]:
        return tuple(
            BoundingBox(self._label(label, text), value, *place)
            for label, value, *place, text in _records(_BOX, start, count)
        )

    def _label(self, label: int, text: int) -> str:
        return self._labels[label] if label >= 0 else text_of(ffi.cast("char *", text))

    def _tracks(self, result: Any) -> tuple[TrackedObject, ...] | None:
        if not result.tracks:
            return None
        return tuple(
            TrackedObject(
                number, self._label(label, text), value, x, y, width, height, last, tuple(segment)
            )
            for label, value, x, y, width, height, text, number, last, *segment in _records(
                _TRACK, result.tracks, result.track_count
            )
        )

    def _visual_anomaly(self, result: Any) -> VisualAnomaly | None:
        if not result.cells:
            return None
        cells = self._boxes(result.cells, result.cell_count)
        return VisualAnomaly(cells, result.visual_max, result.visual_mean)


def _records(struct: Struct, start: Any, count: int) -> Iterator[tuple[Any, ...]]:
    return struct.iter_unpack(ffi.buffer(start, count * struct.size))


def _counts(result: Any) -> tuple[int, ...] | None:
    return tuple(result.counts[0 : result.count_count]) if result.counts else None


def _tensors(result: Any) -> tuple[np.ndarray, ...] | None:
    if not result.tensors:
        return None
    return tuple(
        np.frombuffer(ffi.buffer(one.values, 4 * one.count), np.float32).copy()
        for one in result.tensors[0 : result.tensor_count]
    )
