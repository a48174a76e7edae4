"""Non-maximum suppression: of boxes that show the same object, only the best one stays."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..errors import InvalidInputError
from ..fields import number, read_fields
from .ordering import heap_order
from .overlap import overlaps, planes
from .sweep import chosen_by_sweep

__all__ = ["nms", "suppress"]

FloatArray = npt.NDArray[np.float32]
Indices = npt.NDArray[np.intp]

# how many boxes are compared at once with how many: bounds the memory, not the answer
BLOCK = 64
WINDOW = 1024


def nms(
    boxes: npt.ArrayLike,
    scores: npt.ArrayLike,
    classes: npt.ArrayLike | None = None,
    *,
    confidence_threshold: float = 0.0,
    iou_threshold: float = 0.2,
    per_class: bool = False,
) -> Indices:
    """Choose the best boxes, as the C++ SDK does.

    The best candidate is kept, and all that overlap it too much are dropped; then the best of what
    is left, and so on. All arithmetic is float32; candidates of equal score come in the order in
    which a binary heap gives them. Boxes that are not finite are no candidates.

    Args:
        boxes: shape (n, 4), two opposite corners each: y1, x1, y2, x2, in any unit.
        scores: shape (n,).
        classes: class of each box, shape (n,); only looked at with ``per_class``.
        confidence_threshold: a candidate has a score **above** this.
        iou_threshold: a box is dropped if its intersection over union with a kept one is **at
            least** this; it is 0 where a box has no area.
        per_class: suppress within each class only; the answer is then ordered by class first.

    Returns:
        Indices of the kept boxes, in the order in which they were chosen: best first.

    Raises:
        InvalidInputError: an array has the wrong shape, a threshold is not a finite number, or
            ``per_class`` was asked for without classes.
    """
    corners, values = _floats("boxes", boxes), _floats("scores", scores)
    if values.ndim != 1 or corners.shape != (len(values), 4):
        raise InvalidInputError(
            f"boxes and scores have the shapes {corners.shape} and {values.shape}, expected (n, 4) "
            "and (n,)"
        )
    low, limit = _threshold("confidence", confidence_threshold), _threshold("iou", iou_threshold)
    groups = _groups(classes, len(values)) if per_class else np.zeros(len(values), np.intp)
    candidates = ((values > low) & np.isfinite(corners).all(axis=1)).nonzero()[0]
    found = suppress(corners[candidates], values[candidates], groups[candidates], limit)
    return candidates[found]


def suppress(
    boxes: FloatArray, scores: FloatArray, groups: Indices, iou_threshold: np.float32
) -> Indices:
    """The part of :func:`nms` behind the checks: all boxes are finite candidates.

    Args:
        boxes: float32, shape (n, 4): y1, x1, y2, x2.
        scores: float32, shape (n,), without NaN.
        groups: only boxes of the same group suppress each other; shape (n,).
        iou_threshold: overlap from which on a box is dropped.

    Returns:
        Indices of the kept boxes, by group, then best first.
    """
    order = _order(scores, groups)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        sorted_boxes = planes(boxes[order], groups[order])
        # without an area a box has no overlap with anything
        solid = (sorted_boxes[4] > 0) | (iou_threshold <= 0)
        kept = ~solid
        candidates = solid.nonzero()[0]
        kept[candidates[_choose(sorted_boxes[:, candidates], iou_threshold)]] = True
    chosen: Indices = order[kept]
    return chosen


def _order(scores: FloatArray, groups: Indices) -> Indices:
    """Each group has a heap of its own."""
    present = np.unique(groups)
    if len(present) <= 1:
        return heap_order(scores)
    members = [(groups == group).nonzero()[0] for group in present]
    return np.concatenate([member[heap_order(scores[member])] for member in members])


def _choose(boxes: FloatArray, iou_threshold: np.float32) -> Indices:
    """Which boxes stay (planes, in their order): many that are small are compared with few."""
    if boxes.shape[1] > WINDOW and 0 < iou_threshold <= 1:
        swept = chosen_by_sweep(boxes, iou_threshold)
        if swept is not None:
            return swept
    return _choose_by_blocks(boxes, iou_threshold)


def _choose_by_blocks(boxes: FloatArray, iou_threshold: np.float32) -> Indices:
    """Go through the boxes window by window and block by block."""
    kept = np.empty(0, np.intp)
    for start in range(0, boxes.shape[1], WINDOW):
        left = np.arange(start, min(start + WINDOW, boxes.shape[1]))
        # groups are contiguous, so of those before only the last one can go on here
        before = kept[boxes[5, kept] == boxes[5, start]]
        for i in range(0, len(before), BLOCK):
            left = _survivors(boxes, before[i : i + BLOCK], left, iou_threshold)
        found = [kept]
        while left.size:
            block, left = left[:BLOCK], left[BLOCK:]
            members = boxes[:, block]
            found.append(block[_first_come(overlaps(members, members, iou_threshold))])
            left = _survivors(boxes, found[-1], left, iou_threshold)
        kept = np.concatenate(found)
    return kept


def _survivors(
    boxes: FloatArray, kept: Indices, left: Indices, iou_threshold: np.float32
) -> Indices:
    if not left.size:
        return left
    return left[~overlaps(boxes[:, kept], boxes[:, left], iou_threshold).any(axis=0)]


def _first_come(overlapping: npt.NDArray[np.bool_]) -> list[int]:
    """Indices of the boxes that no earlier kept box overlaps."""
    octets = np.packbits(overlapping, axis=1, bitorder="little")
    kept, gone = [], 0
    for index, row in enumerate(octets):
        if not gone >> index & 1:
            kept.append(index)
            gone |= int.from_bytes(row.tobytes(), "little")
    return kept


def _groups(classes: npt.ArrayLike | None, count: int) -> Indices:
    labels = np.asarray(classes)
    if labels.shape != (count,):
        raise InvalidInputError(
            f"suppression per class needs the class of each box: the shape ({count},) was "
            f"expected, got {labels.shape}"
        )
    return np.unique(labels, return_inverse=True)[1].astype(np.intp, copy=False)


def _floats(name: str, values: npt.ArrayLike) -> FloatArray:
    try:
        with np.errstate(over="ignore"):
            return np.asarray(values, np.float32)
    except (TypeError, ValueError) as error:
        raise InvalidInputError(f"the {name} are no array of numbers: {error}") from error


def _threshold(name: str, value: float) -> np.float32:
    field = f"{name}_threshold"
    checked: float = read_fields("suppression", {field: value}, {field: number(0.0)})[field]
    threshold: np.float32 = np.float32(checked)
    return threshold
