"""YOLO-Pro: one row for each candidate, with a score for each class."""

from __future__ import annotations

import numpy as np

from ..results import BoundingBox
from .base import Tensors
from .boxes import Boxes
from .detection import Detector

__all__ = ["YoloPro"]


class YoloPro(Detector):
    """Rows of x1, y1, x2, y2, from 0 to 1, and one score for each class."""

    name = "yolo_pro"

    def _detect(self, tensors: Tensors) -> tuple[BoundingBox, ...]:
        rows = self._first_rows(tensors, 4 + self._class_count)
        found, classes = self._passes(rows[:, 4:]).nonzero()
        corners = np.clip(self._real(rows[found, :4]), 0, 1)[:, [1, 0, 3, 2]]
        corners[:, 2:] = np.maximum(corners[:, 2:], corners[:, :2])
        boxes = Boxes(corners * self._ends, self._real(rows[found, 4 + classes]), classes)
        return self._picture.best_of_each_class(boxes)
