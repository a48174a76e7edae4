"""YOLOv2 as Akida runs it: a grid of 7x7 cells with five anchors each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ..results import BoundingBox
from .base import StepContext, Tensors, find_tensor
from .boxes import Boxes
from .detection import Detector
from .ordering import introsort_order
from .overlap import overlaps, planes
from .scores import exp, sigmoid

__all__ = ["YoloV2"]

FloatArray = npt.NDArray[np.float32]

GRID = np.float32(7)
# height and width, in cells
ANCHORS = np.array(
    [
        (1.05012, 0.56594),
        (2.03908, 1.0897),
        (3.00376, 2.37823),
        (4.913, 2.4593),
        (5.56699, 5.15981),
    ],
    np.float32,
)
IOU_THRESHOLD = np.float32(0.5)
MIN_SCORE = 0.5
INFINITY = np.float32("inf")
LOWEST = np.float32(-100)


class YoloV2(Detector):
    """Offsets, log size, objectness and class scores for each anchor of each cell.

    As in the SDK, the threshold of the config and its suppression mean nothing: a box needs a
    class score and an objectness above 0.5 (:meth:`set_threshold` moves that), and overlaps count
    from 0.5 on. Boxes may reach over the right and the bottom border.
    """

    name = "yolov2"

    def __init__(self, config: Mapping[str, Any], context: StepContext) -> None:
        super().__init__(config, context)
        self._now = {"min_score": MIN_SCORE}

    def _plan(self, fields: Mapping[str, Any]) -> None:
        rows, columns, anchors = np.indices((7, 7, 5)).reshape(3, -1)
        self._cells = np.stack([rows, columns], axis=1).astype(np.float32)
        self._anchors = ANCHORS[anchors]

    def _detect(self, tensors: Tensors) -> tuple[BoundingBox, ...]:
        tensor = find_tensor(tensors, self._block_id)
        values = 5 + self._class_count
        if tensor.size != len(self._cells) * values:
            raise self._misfit(tensor, 0, f"7x7 cells with 5 anchors of {values} values")
        boxes = self._best(self._real(tensor.reshape(-1, values)))
        boxes = boxes.take(introsort_order(boxes.scores))
        low, high = boxes.corners[:, :2], boxes.corners[:, 2:]
        size = self._ends[:2]
        start, extent = np.ceil(low * size), np.ceil((high - low) * size)
        return self._picture.every(Boxes.at(start, extent, boxes.scores, boxes.classes))

    def _best(self, real: FloatArray) -> Boxes:
        """The boxes that nothing suppresses, in units of the picture, with their objectness."""
        least = np.float32(self._now["min_score"])
        sound = np.isfinite(real).all(axis=1).nonzero()[0]
        objectness = sigmoid(real[sound, 4])
        scores = _softmax(real[sound, 5:]) * objectness[:, None]
        scores = np.where(scores > least, scores, 0)
        passing = scores.any(axis=1)
        found, scores, objectness = sound[passing], scores[passing], objectness[passing]
        boxes = Boxes(self._corners(real[found, :4], found), objectness, scores.argmax(axis=1))
        return boxes.take(_unsuppressed(boxes, scores) & (objectness > least))

    def _corners(self, real: FloatArray, found: npt.NDArray[np.intp]) -> FloatArray:
        centre = (self._cells[found] + sigmoid(real[:, 1::-1])) / GRID
        half = self._anchors[found] * exp(real[:, :1:-1]) / GRID / np.float32(2)
        low, high = np.maximum(centre - half, 0), np.minimum(centre + half, GRID)
        return np.concatenate([low, high], axis=1)


def _softmax(logits: FloatArray) -> FloatArray:
    """Softmax of each row, where the largest number of all rows counts as 0.

    So a row far below that has no scores (NaN), as in the SDK.
    """
    shifted = logits - logits.max(initial=-INFINITY)
    # by the smallest of the numbers as they were, which is what the SDK does
    rescaled = shifted / logits.min(initial=INFINITY) * LOWEST
    powers = exp(np.where(shifted < LOWEST, rescaled, shifted))
    sums: FloatArray = np.add.accumulate(powers, axis=1)[:, -1:]  # from left to right
    return powers / sums


def _unsuppressed(boxes: Boxes, scores: FloatArray) -> npt.NDArray[np.bool_]:
    """Which boxes no better one of their class overlaps, be that suppressed itself or not."""
    kept = np.ones(len(scores), np.bool_)
    for label in np.unique(boxes.classes):
        order = introsort_order(scores[:, label])  # of all boxes: that decides among equals
        order = order[boxes.classes[order] == label]
        ranked = planes(boxes.corners[order], boxes.classes[order])
        kept[order] = ~np.triu(overlaps(ranked, ranked, IOU_THRESHOLD), 1).any(axis=0)
    return kept
