"""YOLOv5: one row for each candidate, with the objectness as its score."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ..results import BoundingBox
from .base import Tensors
from .boxes import Boxes
from .detection import Detector

__all__ = ["YoloV5"]

IN_PIXELS = 5  # the version whose rows are in pixels; those of all others go from 0 to 1


class YoloV5(Detector):
    """Rows of centre, size, objectness and one number for each class."""

    name = "yolov5"

    def _plan(self, fields: Mapping[str, Any]) -> None:
        self._limit = self._ends[:2]
        self._unit = np.ones_like(self._limit) if fields["version"] == IN_PIXELS else self._limit

    def _detect(self, tensors: Tensors) -> tuple[BoundingBox, ...]:
        rows = self._first_rows(tensors, 5 + self._class_count)
        rows = rows[self._passes(rows[:, 4])]
        real = self._real(rows[:, :5])
        size = real[:, 3:1:-1]
        start = np.maximum(real[:, 1::-1] - size / np.float32(2), 0)
        # compared with pixels in all versions: what goes from 0 to 1 is not cut here
        size = np.where(start + size > self._limit, self._limit - start, size)
        classes = _best_classes(rows[:, 5:])
        boxes = Boxes.at(start * self._unit, size * self._unit, real[:, 4], classes)
        return self._picture.best(boxes.take(np.all(size >= 0, axis=1)))


def _best_classes(raw: npt.NDArray[Any]) -> npt.NDArray[np.intp]:
    """The first of the largest numbers; class 0 where none is above 0."""
    numbers = np.where(raw > 0, raw, 0) if raw.dtype.kind == "f" else raw
    best: npt.NDArray[np.intp] = numbers.argmax(axis=1)
    return best
