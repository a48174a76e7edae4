"""The orders in which the C++ SDK leaves values that are equal.

Quantised scores are equal all the time, so who comes first among equals is part of the answer. The
SDK takes candidates from a binary heap and sorts its lists with the ``std::sort`` of GCC; neither
is stable. Where all values differ, every sort gives the same order, and a vectorised one is used.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush, heapreplace
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["heap_order", "introsort_order", "partial_order"]

FloatArray = npt.NDArray[np.float32]
Indices = npt.NDArray[np.intp]

SHORT = 16  # what introsort leaves to the insertion sort


class _Ranked(float):
    """A number that knows where it stood, compared by its value only (and in C)."""

    __slots__ = ("index",)
    index: int


def heap_order(values: FloatArray) -> Indices:
    """The order in which a binary heap that was filled one by one gives values: largest first.

    Args:
        values: shape (n,), without NaN.

    Returns:
        The indices of the values in that order, shape (n,).
    """
    order, tied = _descending(values)
    if not tied:
        return order
    heap: list[_Ranked] = []
    for item in _ranked(-values):
        heappush(heap, item)
    return np.array([heappop(heap).index for _ in range(len(heap))], np.intp)


def introsort_order(values: FloatArray, most: int | None = None) -> Indices:
    """The order in which introsort leaves values: largest first.

    Args:
        values: shape (n,), without NaN.
        most: how many are wanted; all without it.

    Returns:
        The indices of the values in that order, shape (n,), or of the first ``most``.
    """
    order, tied = _descending(values)
    if not tied or len(values) <= SHORT:
        return order[:most]
    items = _ranked(-values)
    wanted = len(items) if most is None else most
    _introsort(items, 0, len(items), 2 * (len(items).bit_length() - 1), wanted)
    items.sort()  # the insertion sort at the end is stable, as this one is
    return np.array([item.index for item in items[:most]], np.intp)


def partial_order(values: FloatArray, count: int) -> Indices:
    """The order in which a partial sort leaves the largest values: largest first.

    Args:
        values: shape (n,), without NaN.
        count: how many are wanted.

    Returns:
        The indices of the ``count`` largest values in that order, of all if there are fewer.
    """
    items = _ranked(values)
    heap = items[:count]
    heapify(heap)
    for item in items[count:]:
        if heap[0] < item:
            heapreplace(heap, item)
    return np.array([heappop(heap).index for _ in range(len(heap))], np.intp)[::-1]


def _descending(values: FloatArray) -> tuple[Indices, bool]:
    order = (-values).argsort(kind="stable")
    ordered = values[order]
    return order, bool((ordered[1:] == ordered[:-1]).any())


def _ranked(values: npt.NDArray[Any]) -> list[_Ranked]:
    items = list(map(_Ranked, values.tolist()))
    for index, item in enumerate(items):
        item.index = index
    return items


def _introsort(items: list[_Ranked], first: int, last: int, depth: int, wanted: int) -> None:
    """Quicksort until pieces are short; a piece that splits badly is sorted with a heap.

    Pieces that begin behind the wanted items are left as they are.
    """
    while last - first > SHORT:
        if depth == 0:
            items[first:last] = _heapsort(items[first:last])
            return
        depth -= 1
        _median_to_front(items, first, (first + last) // 2, last - 1)
        cut = _partition(items, first, last)
        if cut < wanted:
            _introsort(items, cut, last, depth, wanted)
        last = cut


def _median_to_front(items: list[_Ranked], first: int, middle: int, last: int) -> None:
    """Swap the median of the second, the middle and the last item with the first one.

    Among equals the choice is that of GCC, which this comparison by comparison decides.
    """
    low, high = first + 1, middle
    if not items[low] < items[high]:
        low, high = high, low
        # equals count as swapped: the second item is then the upper one
    if items[high] < items[last]:
        median = high
    elif items[low] < items[last]:
        median = last
    else:
        median = low
    items[first], items[median] = items[median], items[first]


def _partition(items: list[_Ranked], first: int, last: int) -> int:
    """Split the items behind the pivot, which is the first one; equals are swapped, too."""
    pivot = items[first]
    left, right = first + 1, last - 1
    while True:
        while items[left] < pivot:
            left += 1
        while pivot < items[right]:
            right -= 1
        if left >= right:
            return left
        items[left], items[right] = items[right], items[left]
        left, right = left + 1, right - 1


def _heapsort(items: list[_Ranked]) -> list[_Ranked]:
    heap = [_flipped(item) for item in items]
    heapify(heap)
    return [_flipped(heappop(heap)) for _ in range(len(heap))][::-1]


def _flipped(item: _Ranked) -> _Ranked:
    flipped = _Ranked(-item)
    flipped.index = item.index
    return flipped
