"""YOLOX, in the form of the paper and in those that suppress or decode within the network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ..dsp.quantization import ALMOST_HALF
from ..errors import InvalidInputError
from ..results import BoundingBox
from .base import Tensors
from .boxes import Boxes
from .detection import ANY_SCORE, Detector
from .scores import exp

__all__ = ["QcYolox", "Yolox", "YoloxDetect"]

FloatArray = npt.NDArray[np.float32]

STRIDES = (8, 16, 32)


class Yolox(Detector):
    """Rows of offset, log size, objectness and class scores, for the cells of three grids."""

    name = "yolox"

    def _plan(self, fields: Mapping[str, Any]) -> None:
        grids = [_grid(self._height // stride, self._width // stride) for stride in STRIDES]
        lengths = [len(grid) for grid in grids]
        self._cells = np.concatenate(grids)
        self._strides = np.repeat(np.array(STRIDES, np.float32), lengths)[:, None]
        if not len(self._cells):
            raise InvalidInputError(
                f"the yolox step has an image of {self._width}x{self._height} pixels, expected at "
                f"least {STRIDES[0]}x{STRIDES[0]}"
            )

    def _detect(self, tensors: Tensors) -> tuple[BoundingBox, ...]:
        rows = self._rows(tensors, 5 + self._class_count)
        if len(rows) < len(self._cells):
            raise self._misfit(rows, 0, f"{len(self._cells)} rows")
        rows = rows[: len(self._cells)]
        scores = self._real(rows[:, 4:5]) * self._real(rows[:, 5:])
        found, classes = self._passes(scores).nonzero()
        real, strides = self._real(rows[found, :4]), self._strides[found]
        centre = (real[:, 1::-1] + self._cells[found]) * strides
        size = exp(real[:, :1:-1]) * strides
        start = np.clip(centre - size / np.float32(2), 0, self._ends[:2])
        return self._picture.best(Boxes.at(start, _rounded(size), scores[found, classes], classes))


class YoloxDetect(Detector):
    """Rows of x1, y1, x2, y2 in pixels, score and label; the network suppresses by itself."""

    name = "yolox_detect"

    def _detect(self, tensors: Tensors) -> tuple[BoundingBox, ...]:
        rows = self._first_rows(tensors, 6)
        real = self._real(rows[self._passes(rows[:, 4])])
        real = real[self._known(real[:, 5])]
        start, end = real[:, 1::-1], real[:, 3:1:-1]
        extent = _rounded(end - start)
        start = np.clip(start, 0, self._ends[:2])
        return self._picture.every(Boxes.at(start, extent, real[:, 4], real[:, 5]))


class QcYolox(Detector):
    """Three tensors: x1, y1, x2, y2 in pixels; scores; labels."""

    name = "qc_yolox"
    _most = ANY_SCORE
    _scores_tensor = 1

    def _detect(self, tensors: Tensors) -> tuple[BoundingBox, ...]:
        boxes = self._first_rows(tensors, 4)
        scores = self._rows(tensors, 1, 1)[: len(boxes), 0]
        labels = self._rows(tensors, 1, 2)[: len(boxes), 0]
        if min(len(scores), len(labels)) < len(boxes):
            raise self._misfit(boxes, 0, "as many boxes as scores and labels")
        rows = (self._passes(scores) & self._known(labels)).nonzero()[0]
        corners = np.clip(self._real(boxes[rows])[:, [1, 0, 3, 2]], 0, self._ends)
        start, extent = corners[:, :2], corners[:, 2:] - corners[:, :2]
        values = self._real(scores[rows], 1)
        return self._picture.best(Boxes.at(start, extent, values, labels[rows]))


def _grid(rows: int, columns: int) -> FloatArray:
    """The cells of a grid as (row, column), row by row."""
    cells: FloatArray = np.indices((rows, columns), np.float32).reshape(2, -1).T
    return cells


def _rounded(sizes: FloatArray) -> FloatArray:
    """To the next whole number; halves away from zero."""
    whole: FloatArray = np.trunc(sizes + np.copysign(ALMOST_HALF, sizes))
    return whole
