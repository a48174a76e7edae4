"""Objects in the samples of a demo, and how what a model finds is compared with them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..results import BoundingBox

__all__ = ["REACH", "Comparison", "DemoObject", "compare_objects"]

REACH = 8
"""How far the middle of a box may be from that of its object: a cell of the demo's grid."""


@dataclass(frozen=True)
class DemoObject:
    """A true object: its label and its box in pixels; (x, y) is the top left."""

    label: str
    x: int
    y: int
    width: int
    height: int

    @property
    def centroid(self) -> tuple[float, float]:
        """The middle of the box as (x, y)."""
        return self.x + self.width / 2, self.y + self.height / 2


@dataclass(frozen=True)
class Comparison:
    """What a model found against the truth.

    ``hits`` pairs true objects with the boxes that found them; ``missed`` are the true objects that
    no box found, ``extra`` the boxes that found nothing.
    """

    hits: tuple[tuple[DemoObject, BoundingBox], ...]
    missed: tuple[DemoObject, ...]
    extra: tuple[BoundingBox, ...]

    @property
    def is_perfect(self) -> bool:
        """Whether every object was found, and nothing else."""
        return not self.missed and not self.extra


def compare_objects(
    truth: Iterable[DemoObject], found: Iterable[BoundingBox], reach: float = REACH
) -> Comparison:
    """Pair each true object with the nearest box of its label that is left.

    Args:
        truth: the true objects.
        found: the boxes that a model found.
        reach: how far, in pixels in x and in y, the middles of the two may be apart.
    """
    left = list(found)
    hits, missed = [], []
    for thing in truth:
        near = [box for box in left if box.label == thing.label and _distance(thing, box) <= reach]
        if near:
            best = min(near, key=lambda box: _distance(thing, box))
            left.remove(best)
            hits.append((thing, best))
        else:
            missed.append(thing)
    return Comparison(tuple(hits), tuple(missed), tuple(left))


def _distance(thing: DemoObject, box: BoundingBox) -> float:
    """Between the middles, the larger of the one in x and the one in y."""
    (x, y), (u, v) = thing.centroid, box.centroid
    return max(abs(x - u), abs(y - v))
