"""YOLOv7: the network suppresses by itself and gives rows of corners, class and score."""

from __future__ import annotations

import numpy as np

from ..results import BoundingBox
from .base import Tensors
from .boxes import Boxes
from .detection import Detector

__all__ = ["YoloV7"]


class YoloV7(Detector):
    """Rows of image number, x1, y1, x2, y2 in pixels, class and score."""

    name = "yolov7"

    def _detect(self, tensors: Tensors) -> tuple[BoundingBox, ...]:
        rows = self._rows(tensors, 7)
        real = self._real(rows[self._passes(rows[:, 6])])
        real = real[self._known(real[:, 5])]
        start = np.maximum(real[:, 2:0:-1], 0)
        extent = real[:, 4:2:-1] - start
        return self._picture.every(Boxes.at(start, extent, real[:, 6], real[:, 5]))
