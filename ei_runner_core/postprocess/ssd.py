"""SSD: the network suppresses by itself and gives lists of scores, boxes and labels."""

from __future__ import annotations

import numpy as np

from ..results import BoundingBox
from .base import Tensors
from .boxes import Boxes
from .detection import ANY_SCORE, Detector

__all__ = ["Ssd"]

SCORES, BOXES, _COUNT, LABELS = range(4)


class Ssd(Detector):
    """Every row that reaches the threshold, in the order of the rows."""

    name = "ssd"
    _most = ANY_SCORE

    def _detect(self, tensors: Tensors) -> tuple[BoundingBox, ...]:
        scores = self._rows(tensors, 1, SCORES)[: self._picture.slots, 0]
        boxes = self._rows(tensors, 4, BOXES)
        labels = self._rows(tensors, 1, LABELS)[:, 0]
        if min(len(boxes), len(labels)) < len(scores):
            raise self._misfit(boxes, BOXES, f"{len(scores)} boxes and labels, as many as scores")
        rows = self._passes(scores).nonzero()[0]
        classes = self._real(labels[rows], LABELS)
        known = self._known(classes)
        rows, classes = rows[known], classes[known]
        corners = np.clip(self._real(boxes[rows], BOXES), 0, 1)
        start, end = corners[:, :2], corners[:, 2:]
        extent = np.maximum(start, end) - start
        values = self._real(scores[rows], SCORES)
        size = self._ends[:2]
        return self._picture.every(Boxes.at(start * size, extent * size, values, classes))
