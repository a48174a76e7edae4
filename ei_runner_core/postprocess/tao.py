"""Detectors of the TAO toolkit: rows of predictions and of the anchors that they start from."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import numpy.typing as npt

from ..results import BoundingBox
from .base import Tensors
from .boxes import Boxes
from .detection import Detector
from .scores import exp, sigmoid

__all__ = ["TaoDetection", "TaoYoloV3", "TaoYoloV4"]

FloatArray = npt.NDArray[np.float32]

HALF = np.float32(0.5)
INFINITY = np.float32("inf")


class TaoDetection(Detector):
    """RetinaNet and SSD: class scores with the background first, offsets, anchor, variances."""

    name = "tao_detection"

    def _detect(self, tensors: Tensors) -> tuple[BoundingBox, ...]:
        classes = 1 + self._class_count
        rows = self._first_rows(tensors, classes + 12)
        found, labels = self._passes(rows[:, 1:classes]).nonzero()
        # x before y in all of them
        offset, log_size, low, high, spread, log_spread = np.split(
            self._real(rows[found, classes:]), 6, axis=1
        )
        extent = high - low
        centre = offset * spread * extent + (low + high) * HALF
        size = exp(log_size * log_spread) * extent
        corners = _corners(centre, size)[:, [1, 0, 3, 2]] * self._ends
        scores = self._real(rows[found, 1 + labels])
        return self._picture.best_of_each_class(Boxes(corners, scores, labels))


class TaoYoloV3(Detector):
    """YOLOv3: cell, anchor, step, offset in the cell, log size, objectness, class scores."""

    name = "tao_yolov3"
    _largest_log: ClassVar[np.float32] = INFINITY

    def _detect(self, tensors: Tensors) -> tuple[BoundingBox, ...]:
        rows = self._first_rows(tensors, 11 + self._class_count)
        objectness = sigmoid(self._real(rows[:, 10:11]))
        # a score is not above its objectness, so most rows end here
        likely = (objectness[:, 0] >= np.float32(self._now["min_score"])).nonzero()[0]
        scores = sigmoid(self._real(rows[likely, 11:])) * objectness[likely]
        found, labels = self._passes(scores).nonzero()
        # y before x in all of them
        cell, anchor, step, offset, log_size = np.split(
            self._real(rows[likely[found], :10]), 5, axis=1
        )
        centre = cell + sigmoid(offset) * step
        size = anchor * exp(np.minimum(log_size, self._largest_log))
        corners = _corners(centre, size) * self._ends
        return self._picture.best_of_each_class(Boxes(corners, scores[found, labels], labels))


class TaoYoloV4(TaoYoloV3):
    """YOLOv4: the same rows, with a bound for the size."""

    name = "tao_yolov4"
    _largest_log = np.float32(8)


def _corners(centre: FloatArray, size: FloatArray) -> FloatArray:
    half = size * HALF
    return np.concatenate([centre - half, centre + half], axis=1)
