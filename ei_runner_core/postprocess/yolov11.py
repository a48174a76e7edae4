"""YOLOv11: one column for each candidate, with a score for each class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ..results import BoundingBox
from .base import Tensors, find_tensor
from .boxes import Boxes
from .detection import Detector

__all__ = ["YoloV11"]

NORMALIZED = 1  # the version whose boxes go from 0 to 1; those of all others are in pixels


class YoloV11(Detector):
    """Planes of centre x and y, width and height, and one of scores for each class."""

    name = "yolov11"

    def _plan(self, fields: Mapping[str, Any]) -> None:
        self._limit = self._ends[:2, None]
        self._unit = self._limit if fields["version"] == NORMALIZED else np.ones_like(self._limit)

    def _detect(self, tensors: Tensors) -> tuple[BoundingBox, ...]:
        planes = self._planes(tensors)
        classes, columns = self._passes(planes[4:]).nonzero()
        real = self._real(planes[:4, columns])
        centre, half = real[1::-1], real[:1:-1] / np.float32(2)
        corners = np.vstack(
            [
                np.clip((centre - half) * self._unit, 0, self._limit),
                np.clip((centre + half) * self._unit, 0, self._limit),
            ]
        ).T
        boxes = Boxes(corners, self._real(planes[4 + classes, columns]), classes)
        return self._picture.best_of_each_class(boxes)

    def _planes(self, tensors: Tensors) -> npt.NDArray[Any]:
        tensor = find_tensor(tensors, self._block_id)
        planes = 4 + self._class_count
        if tensor.size % planes or tensor.shape[-2:-1] not in ((planes,), (1,), ()):
            raise self._misfit(tensor, 0, f"{planes} planes")
        if tensor.size < self._feature_count:
            raise self._misfit(tensor, 0, f"{self._feature_count} values")
        return tensor.reshape(planes, -1)
