"""Which boxes of two frames show the same object: the optimal assignment."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .._optional import need

__all__ = ["Matcher", "distances", "middles", "overlaps"]

FloatArray = npt.NDArray[np.float64]
Scores = npt.NDArray[np.float32]
Indices = npt.NDArray[np.intp]


class Matcher:
    """Pairs up boxes, by how much they overlap or by how near their middles are.

    Args:
        use_iou: by overlap.

    Raises:
        BackendUnavailableError: SciPy is missing.
    """

    def __init__(self, *, use_iou: bool) -> None:
        optimize = need("scipy.optimize", "object tracking", "tensor")
        self._assign: Any = optimize.linear_sum_assignment
        self._use_iou = use_iou

    def match(
        self, last: FloatArray, expected: FloatArray, seen: FloatArray, threshold: float
    ) -> list[int]:
        """Assign seen boxes to known ones so that all together fit best.

        The known boxes are matched where they were last, and where they are expected; what counts
        is the smaller sum of overlaps or distances. For overlaps that is the worse one, but so the
        SDK decides.

        Args:
            last: where the known boxes were: x, y, width, height; shape (n, 4).
            expected: where they should be, likewise.
            seen: boxes, shape (m, 4).
            threshold: pairs stay if their overlap is above it, or their distance below it.

        Returns:
            For each known box the index of the seen one, or -1.
        """
        if not len(seen):
            return [-1] * len(last)
        compare = overlaps if self._use_iou else distances
        values = compare(np.concatenate([last, expected]), seen)
        limit = np.float32(threshold)
        by_last, sum_of_last = self._pairs(values[: len(last)], limit)
        by_expected, sum_of_expected = self._pairs(values[len(last) :], limit)
        return by_last if sum_of_last < sum_of_expected else by_expected

    def _pairs(self, values: Scores, limit: np.float32) -> tuple[list[int], np.float32]:
        costs = 1 - values if self._use_iou else values
        rows, columns = self._assign(costs)
        fits = costs[rows, columns]
        if self._use_iou:
            fits = 1 - fits  # an overlap has lost its last digits on the way, as in the SDK
        kept = fits > limit if self._use_iou else fits < limit
        chosen = np.full(len(values), -1)
        chosen[rows[kept]] = columns[kept]
        # from left to right, as float32 sums depend on it
        sums = np.add.accumulate(fits[kept])
        return chosen.tolist(), sums[-1] if sums.size else np.float32(0)


def middles(boxes: FloatArray) -> FloatArray:
    """The middles of boxes (x, y, width, height), shape (n, 2)."""
    return np.add(boxes[:, :2], boxes[:, 2:] / 2)


def overlaps(a: FloatArray, b: FloatArray) -> Scores:
    """Intersection over union of boxes (x, y, width, height), float32 of shape (len(a), len(b)).

    It is 0 where nothing is common, also for boxes without any area.
    """
    start, size = a[:, None, :2], a[:, None, 2:]
    shared = np.minimum(start + size, b[:, :2] + b[:, 2:])
    shared -= np.maximum(start, b[:, :2])
    np.maximum(shared, 0, out=shared)
    common = shared[..., 0] * shared[..., 1]
    union = size[..., 0] * size[..., 1] + b[:, 2] * b[:, 3]
    union -= common
    np.maximum(union, 1, out=union)  # boxes are of whole pixels: below 1 nothing is common
    ratio: Scores = np.divide(common, union, dtype=np.float32, casting="same_kind")
    return ratio


def distances(a: FloatArray, b: FloatArray) -> Scores:
    """Distances of the middles of boxes (x, y, width, height), float32 (len(a), len(b))."""
    apart: FloatArray = np.subtract(middles(a)[:, None], middles(b))
    apart *= apart
    length: Scores = np.sqrt(apart[..., 0] + apart[..., 1]).astype(np.float32)
    return length
