"""Boxes as arrays, and as the records of a result."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..results import BoundingBox
from .nms import suppress
from .ordering import introsort_order

__all__ = ["Boxes", "Picture", "whole_pixels"]

FloatArray = npt.NDArray[np.float32]
Indices = npt.NDArray[np.intp]

FARTHEST = np.float32(2**31 - 128)  # the last float32 that fits in an int
MOST_SORTED = 200  # the SDK keeps no more of a sorted list


class Boxes(NamedTuple):
    """Candidates: corners float32 (n, 4) as y1, x1, y2, x2 in pixels, scores and classes (n,)."""

    corners: FloatArray
    scores: FloatArray
    classes: Indices

    @classmethod
    def at(
        cls,
        start: FloatArray,
        extent: FloatArray,
        scores: FloatArray,
        classes: npt.NDArray[Any],
    ) -> Boxes:
        """Boxes on whole pixels: top left corner and size as (y, x); fractions are cut."""
        start, extent = whole_pixels(start), whole_pixels(extent)
        corners = np.concatenate([start, start + extent], axis=1)
        return cls(corners, scores, classes.astype(np.intp))

    def take(self, which: npt.NDArray[Any]) -> Boxes:
        """Some of them: a mask, or indices."""
        return Boxes(self.corners[which], self.scores[which], self.classes[which])

    def sound(self) -> Boxes:
        """Those with finite corners and a score that is not 0, which is how lists are padded."""
        return self.take(np.isfinite(self.corners).all(axis=1) & (self.scores != 0))


class Picture(NamedTuple):
    """The model's input, where boxes are cut and get their labels.

    ``limits`` are the ends of the picture as (y, x, y, x), ``confidence`` and ``iou`` the
    thresholds of the suppression; ``slots`` is the length to which the SDK pads a list before it
    sorts it.
    """

    limits: FloatArray
    labels: tuple[str, ...]
    confidence: np.float32
    iou: np.float32
    slots: int

    def every(self, boxes: Boxes) -> tuple[BoundingBox, ...]:
        """Every sound box, where it is, in the order of the rows."""
        return self._records(boxes.sound())

    def best(self, boxes: Boxes) -> tuple[BoundingBox, ...]:
        """The best boxes whatever their classes are: for corners that are whole pixels."""
        candidates = self._candidates(boxes)
        return self._records(self._clipped(candidates, np.zeros_like(candidates.classes)))

    def best_of_each_class(self, boxes: Boxes) -> tuple[BoundingBox, ...]:
        """The best boxes of each class, as one list from the largest score to the smallest."""
        candidates = self._candidates(boxes)
        kept = self._clipped(candidates, candidates.classes)
        padded = np.zeros(max(self.slots, len(kept.scores)), np.float32)
        padded[: len(kept.scores)] = kept.scores
        order = introsort_order(padded, MOST_SORTED)
        return self._records(kept.take(order[order < len(kept.scores)]))

    def _candidates(self, boxes: Boxes) -> Boxes:
        sound = boxes.sound()
        return sound.take(sound.scores > self.confidence)

    def _clipped(self, boxes: Boxes, groups: Indices) -> Boxes:
        """What the suppression leaves; overlaps count before the boxes are cut at the borders."""
        kept = boxes.take(suppress(boxes.corners, boxes.scores, groups, self.iou))
        return kept._replace(corners=np.clip(kept.corners, 0, self.limits))

    def _records(self, boxes: Boxes) -> tuple[BoundingBox, ...]:
        corners = whole_pixels(boxes.corners).astype(np.int64)
        sizes = corners[:, 2:] - corners[:, :2]
        if sizes.size and sizes.min() < 0:  # such boxes suppress others, but are none themselves
            upright = (sizes >= 0).all(axis=1).nonzero()[0]
            boxes, corners, sizes = boxes.take(upright), corners[upright], sizes[upright]
        y, x = corners[:, :2].T.tolist()
        height, width = sizes.T.tolist()
        labels = map(self.labels.__getitem__, boxes.classes.tolist())
        return tuple(map(BoundingBox, labels, boxes.scores.tolist(), x, y, width, height))


def whole_pixels(values: FloatArray) -> FloatArray:
    """Cut the fractions; what is negative becomes 0, what is not finite NaN."""
    return np.where(np.isfinite(values), np.trunc(np.clip(values, 0, FARTHEST)), np.float32("nan"))
