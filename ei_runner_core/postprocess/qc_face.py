"""The face detector of Qualcomm's AI Hub: a heat map whose peaks are faces."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import InvalidInputError
from ..results import BoundingBox
from .base import Tensors, find_tensor
from .boxes import Boxes
from .detection import Detector
from .nms import suppress
from .ordering import introsort_order, partial_order
from .scores import ScoreGate, sigmoid

__all__ = ["QcFaceDetLite"]

FloatArray = npt.NDArray[np.float32]
Indices = npt.NDArray[np.intp]

CELL = 8  # pixels
MOST_PEAKS = 2000
ROUNDING = 3e-7  # more than the last digits of a score


class QcFaceDetLite(Detector):
    """Three tensors over cells of 8 pixels: heat, distances to the four sides, landmarks.

    A face is a cell whose score no neighbour exceeds. What overlaps too much is dropped twice: on
    the exact boxes, and after these were cut to whole pixels inside of the image and, where there
    is room, grown by a tenth. The landmarks are not looked at.
    """

    name = "qc_face_det_lite"

    def _plan(self, fields: Mapping[str, Any]) -> None:
        if self._width % 32 or self._height % 32:
            raise InvalidInputError(
                f"qc_face_det_lite works on images whose sides are multiples of 32, got "
                f"{self._width}x{self._height}"
            )
        rows, columns = self._height // CELL, self._width // CELL
        y, x = np.divmod(np.arange(rows * columns), columns)
        self._centers = np.stack([y, x], axis=1).astype(np.float32)
        # scores with a border, so that every cell has eight neighbours
        self._padded = np.zeros((rows + 2) * (columns + 2), np.float32)
        self._places = (y + 1) * (columns + 2) + x + 1
        across = np.arange(-1, 2)
        self._around = (across[:, None] * (columns + 2) + across).ravel()
        # the first suppression drops what overlaps more than the threshold, not as much
        self._overlap = np.nextafter(self._picture.iou, np.float32(np.inf))

    def _plan_limits(self) -> None:
        self._threshold = np.float32(self._now["min_score"])
        # few cells are warm, and only for these the exact score is worth its time
        self._warm = ScoreGate(self._dequantizer(0), _logit(self._threshold - ROUNDING), math.inf)

    def _detect(self, tensors: Tensors) -> tuple[BoundingBox, ...]:
        heat = self._cells(tensors, 0, 1)[:, 0]
        cells = self._warm(heat).nonzero()[0]
        if not cells.size:
            return ()
        cells, scores = self._best_first(heat, cells)
        sides = self._real(self._cells(tensors, 1, 4)[cells], output=1)
        near, far = sides[:, 1::-1], sides[:, :1:-1]  # sides are left, top, right, bottom
        centers = self._centers[cells]
        corners = np.concatenate([centers - near, centers + far], axis=1) * np.float32(CELL)
        return self._faces(corners, scores)

    def _cells(self, tensors: Tensors, output: int, values: int) -> npt.NDArray[Any]:
        tensor = find_tensor(tensors, self._block_id + output)
        if tensor.size != len(self._centers) * values:
            raise self._misfit(tensor, output, f"{len(self._centers)} cells of {values} values")
        return tensor.reshape(-1, values)

    def _best_first(self, heat: npt.NDArray[Any], cells: Indices) -> tuple[Indices, FloatArray]:
        """The peaks among these cells, which are all that are warm, and their scores."""
        scores = self._peaks(heat, cells)
        found = ((scores >= self._threshold) & (scores > 0)).nonzero()[0]
        found = found[(-scores[found]).argsort(kind="stable")]
        cells, scores = cells[found], scores[found]
        if not (scores[1:] == scores[:-1]).any():
            return cells[:MOST_PEAKS], scores[:MOST_PEAKS]
        # who comes first among equals depends on all other cells
        everywhere = self._peaks(heat, np.arange(heat.size))
        cells = partial_order(everywhere, MOST_PEAKS)[: len(cells)]
        cells = cells[introsort_order(everywhere[cells])]
        return cells, everywhere[cells]

    def _peaks(self, heat: npt.NDArray[Any], cells: Indices) -> FloatArray:
        """The scores of cells, 0 where a neighbour exceeds them; cells left out are cold."""
        scores = sigmoid(self._real(heat[cells]))
        scores[np.isnan(scores)] = 0
        places = self._places[cells]
        self._padded[places] = scores
        highest = self._padded[places[:, None] + self._around].max(axis=1)
        self._padded[places] = 0
        scores[scores < highest] = 0
        return scores

    def _faces(self, corners: FloatArray, scores: FloatArray) -> tuple[BoundingBox, ...]:
        sound = np.isfinite(corners).all(axis=1)
        corners, scores = corners[sound], scores[sound]
        ranks = -np.arange(len(scores), dtype=np.float32)  # equal scores keep their order here
        kept = suppress(corners, ranks, np.zeros(len(scores), np.intp), self._overlap)
        boxes = Boxes(self._whole(corners[kept]), scores[kept], np.zeros(len(kept), np.intp))
        return self._picture.best_of_each_class(boxes)

    def _whole(self, corners: FloatArray) -> FloatArray:
        """Corners on pixels of the image; both belong to the face."""
        limits = np.array([self._height, self._width], np.float32)
        low = np.minimum(corners[:, :2], corners[:, 2:])
        high = np.maximum(corners[:, :2], corners[:, 2:])
        first = np.maximum(np.trunc(low), 0)
        last = np.minimum(np.trunc(high), limits - 1)
        size = np.trunc(high - low)
        moved = first - np.trunc(np.float32(0.05) * size)
        grown = np.trunc(np.float32(1.1) * size)
        fits = ((moved >= 0) & (moved + grown <= limits)).all(axis=1, keepdims=True)
        return np.concatenate(
            [np.where(fits, moved, first), np.where(fits, moved + grown - 1, last)], axis=1
        )


def _logit(score: float) -> float:
    """The heat that makes a score."""
    if not 0 < score < 1:
        return -math.inf if score <= 0 else math.inf
    return math.log(score / (1 - score))
