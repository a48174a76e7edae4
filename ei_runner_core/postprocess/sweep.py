"""Suppression among many boxes of which few have anything in common.

Only boxes that begin before another one ends, from left to right, are compared with it. Where that
are too many pairs, boxes are so large that comparing them block by block is fast.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .overlap import overlap_pairwise

__all__ = ["chosen_by_sweep"]

FloatArray = npt.NDArray[np.float32]
Indices = npt.NDArray[np.intp]

TOP, LEFT, BOTTOM, RIGHT, AREA, GROUP = range(6)  # planes
LARGEST = 1e38
SAMPLE = 256  # boxes
CROWDED = 0.005  # part of all pairs
MOST_PAIRS = 2**24
MOST_OVERLAPS = 2**20
CHUNK = 2**18  # pairs that are compared at once: bounds the memory, not the answer


def chosen_by_sweep(boxes: FloatArray, iou_threshold: np.float32) -> Indices | None:
    """Which boxes stay when each that stays drops those behind it that it overlaps.

    Args:
        boxes: n boxes with an area, as planes, contiguous by group and the best first.
        iou_threshold: overlap from which on a box is dropped, above 0 and at most 1.

    Returns:
        Indices of the boxes that stay, ascending; ``None`` if too many are near each other.
    """
    if _is_crowded(boxes):
        return None
    sweep = np.lexsort((boxes[BOTTOM], boxes[TOP], boxes[RIGHT], boxes[LEFT], boxes[GROUP]))
    swept = boxes[:, sweep]
    # the first of equal boxes drops the others, or one that is better drops all of them
    different = np.ones(len(sweep), np.bool_)
    different[1:] = (swept[:, 1:] != swept[:, :-1]).any(axis=0)
    different |= swept[AREA] > LARGEST  # where the union overflows, equal boxes have no overlap
    sweep, swept = sweep[different], swept[:, different]
    counts = _followers(swept)
    if counts.sum() > MOST_PAIRS:
        return None
    pairs = _overlapping(swept, counts, iou_threshold)
    if pairs is None:
        return None
    alive = np.zeros(boxes.shape[1], np.bool_)
    alive[sweep] = True
    return _survivors(sweep[pairs], alive)


def _is_crowded(boxes: FloatArray) -> bool:
    """Whether, by a sample, many boxes meet others: then few stay, and blocks are faster."""
    sample = boxes[:, :: max(boxes.shape[1] // SAMPLE, 1)]
    top, left, bottom, right, *_ = sample[:, :, None]
    meet = (top < sample[BOTTOM]) & (sample[TOP] < bottom)
    meet &= (left < sample[RIGHT]) & (sample[LEFT] < right)
    meet &= (top != sample[TOP]) | (left != sample[LEFT])  # equal boxes are none too many
    return bool(meet.mean() > CROWDED)


def _followers(swept: FloatArray) -> Indices:
    """How many boxes behind each one of its group begin before it ends."""
    groups = (np.diff(swept[GROUP]) != 0).nonzero()[0] + 1
    starts = [0, *groups.tolist()]
    ends = [*groups.tolist(), swept.shape[1]]
    reach = [
        start + np.searchsorted(swept[LEFT, start:end], swept[RIGHT, start:end])
        for start, end in zip(starts, ends, strict=True)
    ]
    counts: Indices = np.concatenate(reach) - np.arange(1, swept.shape[1] + 1)
    return counts


def _overlapping(swept: FloatArray, counts: Indices, iou_threshold: np.float32) -> Indices | None:
    """The pairs that overlap, shape (2, pairs)."""
    totals = counts.cumsum()
    found, size = [np.empty((2, 0), np.intp)], 0
    row = 0
    while row < len(counts):
        done = totals[row] - counts[row]
        end = max(int(np.searchsorted(totals, done + CHUNK, "right")), row + 1)
        length = counts[row:end]
        first = np.repeat(np.arange(row, end), length)
        second = (
            first + 1 + np.arange(len(first)) - np.repeat(totals[row:end] - length - done, length)
        )
        hits = overlap_pairwise(swept[:, first], swept[:, second], iou_threshold).nonzero()[0]
        found.append(np.stack([first[hits], second[hits]]))
        size += len(hits)
        if size > MOST_OVERLAPS:
            return None
        row = end
    return np.concatenate(found, axis=1)


def _survivors(pairs: Indices, alive: npt.NDArray[np.bool_]) -> Indices:
    """Go through the boxes that overlap others behind them, the best first."""
    better, worse = pairs.min(axis=0), pairs.max(axis=0)
    order = better.argsort(kind="stable")
    better, worse = better[order], worse[order]
    heads, starts = np.unique(better, return_index=True)
    for head, dropped in zip(heads.tolist(), np.split(worse, starts)[1:], strict=True):
        if alive[head]:
            alive[dropped] = False
    survivors: Indices = alive.nonzero()[0]
    return survivors
