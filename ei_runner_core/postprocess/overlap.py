"""How much boxes have in common."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["overlap_pairwise", "overlaps", "planes"]

FloatArray = npt.NDArray[np.float32]
Indices = npt.NDArray[np.intp]


def planes(boxes: FloatArray, groups: Indices) -> FloatArray:
    """Boxes as :func:`overlaps` takes them.

    Args:
        boxes: float32, shape (n, 4): y1, x1, y2, x2.
        groups: only boxes of the same group overlap; shape (n,).

    Returns:
        float32, shape (6, n): top, left, bottom, right, area, group.
    """
    y1, x1, y2, x2 = boxes.T
    top, bottom = np.minimum(y1, y2), np.maximum(y1, y2)
    left, right = np.minimum(x1, x2), np.maximum(x1, x2)
    area = (bottom - top) * (right - left)
    return np.stack([top, left, bottom, right, area, groups.astype(np.float32)])


def overlaps(a: FloatArray, b: FloatArray, iou_threshold: np.float32) -> npt.NDArray[np.bool_]:
    """Whether the intersection of two boxes of one group is at least this part of their union.

    Args:
        a: n boxes as :func:`planes` gives them.
        b: m boxes.
        iou_threshold: the part from which on they overlap; it is 0 where a box has no area.

    Returns:
        Shape (n, m).
    """
    return overlap_pairwise(a[:, :, None], b, iou_threshold)


def overlap_pairwise(
    a: FloatArray, b: FloatArray, iou_threshold: np.float32
) -> npt.NDArray[np.bool_]:
    """The same of boxes that stand at the same place in both arrays, or that broadcast there."""
    top, left, bottom, right, area, group = a
    together: npt.NDArray[np.bool_] = group == b[5]
    if iou_threshold <= 0:  # any two boxes have that much in common
        return together
    height = np.minimum(bottom, b[2])
    height -= np.maximum(top, b[0])
    width = np.minimum(right, b[3])
    width -= np.maximum(left, b[1])
    common = np.maximum(height, 0, out=height)
    common *= np.maximum(width, 0, out=width)
    union = area + b[4]
    union -= common
    common /= union  # NaN where both are 0, and then below every threshold
    together &= common >= iou_threshold
    return together
