"""Object tracking: boxes that keep their identity from frame to frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from operator import attrgetter
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from ..errors import InvalidInputError
from ..fields import Field, count, flag, number
from ..results import BoundingBox, ResultParts, TrackedObject
from .base import StepContext
from .kalman import BoxFilters
from .matching import Matcher, middles
from .ordering import introsort_order
from .sequence import ResultStep, part_of, read_settings

__all__ = ["Tracking"]

FloatArray = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]

LONGEST = 2**31 - 1
NO_STEP = (0, 0, 0, 0)

_LIMITS: dict[str, Field] = {
    "keep_grace": count(5, most=LONGEST),
    "max_observations": count(5, most=LONGEST),
    "threshold": number(0.5),
}
_ORDER = attrgetter("x", "y", "width", "height", "label")
_CORNERS = attrgetter("x", "y", "width", "height")


@dataclass
class _Track:
    """What is known about an object besides its boxes."""

    object_id: int
    label: str
    value: float
    seen: int
    has_steps: bool


class Tracking(ResultStep):
    """Gives objects a number, and expects them where they were heading.

    Every frame is compared with the last boxes of the open tracks and with those that a Kalman
    filter predicts. Of the two assignments the one with the smaller sum counts, as in the SDK. What
    is reported is the prediction, so that boxes and values lag one frame behind. A track that is
    not seen follows its prediction, and ends after ``keep_grace`` frames.

    Args:
        config: ``keep_grace``; ``max_observations``, how many boxes a track remembers (with 1 it
            has no last step); ``use_iou``, match by overlap instead of distance; ``threshold``,
            the least overlap or the largest distance in pixels.
        context: not looked at.
    """

    threshold_type = "object_tracking"
    _limits: ClassVar[Mapping[str, Field]] = _LIMITS

    def __init__(self, config: Mapping[str, Any], context: StepContext) -> None:
        known = {**_LIMITS, "use_iou": flag(default=True)}
        fields = read_settings("tracking", config, known, nested="object_tracking")
        self._matcher = Matcher(use_iou=fields.pop("use_iou"))
        self._now = fields
        self._filters = BoxFilters()
        self.reset()

    def update(self, parts: ResultParts) -> ResultParts:
        """See :meth:`ResultStep.update`; takes ``bounding_boxes``, gives ``object_tracking``."""
        boxes = part_of(parts, "bounding_boxes")
        if boxes is None:
            raise InvalidInputError(
                f"tracking works on bounding boxes, but the result has "
                f"{', '.join(parts) or 'nothing'}; put it behind an object detector"
            )
        tracked = self._track(_ordered(boxes))
        self._frame += 1
        return {**parts, "object_tracking": tracked}

    def reset(self) -> None:
        """Forget all objects: their numbers and the frames start at 0 again."""
        self._frame = 0
        self._next_id = 0
        self._tracks: list[_Track] = []
        self._last: FloatArray = np.empty((0, 4))
        self._filters.clear()

    def _track(self, boxes: Sequence[BoundingBox]) -> tuple[TrackedObject, ...]:
        seen = np.array([_CORNERS(box) for box in boxes], np.float64).reshape(-1, 4)
        if not self._tracks:
            return self._begin(boxes, seen)
        expected = self._filters.predict()
        chosen = self._matcher.match(self._last, expected, seen, self._now["threshold"])
        known = self._follow(boxes, seen, expected, chosen)
        new = sorted(set(range(len(boxes))).difference(chosen))
        return known + self._begin([boxes[index] for index in new], seen[new]) if new else known

    def _follow(
        self,
        boxes: Sequence[BoundingBox],
        seen: FloatArray,
        expected: FloatArray,
        chosen: Sequence[int],
    ) -> tuple[TrackedObject, ...]:
        observed = expected.copy()
        values = [track.value for track in self._tracks]  # as they were before this frame
        for row, (track, index) in enumerate(zip(self._tracks, chosen, strict=True)):
            if index >= 0:
                observed[row] = seen[index]
                track.value, track.seen = boxes[index].value, self._frame
        self._filters.observe(observed)
        steps = _ints(np.concatenate([middles(self._last), middles(observed)], axis=1))
        reported = tuple(map(_report, self._tracks, values, _ints(expected), steps))
        self._last = observed
        return self._close(reported)

    def _close(self, reported: tuple[TrackedObject, ...]) -> tuple[TrackedObject, ...]:
        """End the tracks that were not seen for too long; what is left to report."""
        oldest = self._frame - self._now["keep_grace"]
        is_open = [track.seen >= oldest for track in self._tracks]
        if all(is_open):
            return reported
        chosen = np.array(is_open)
        self._tracks = list(compress(self._tracks, is_open))
        self._last = self._last[chosen]
        self._filters.keep(chosen)
        return tuple(compress(reported, is_open))

    def _begin(self, boxes: Sequence[BoundingBox], seen: FloatArray) -> tuple[TrackedObject, ...]:
        ids = range(self._next_id, self._next_id + len(boxes))
        has_steps = self._now["max_observations"] > 1
        new = [
            _Track(object_id, box.label, box.value, self._frame, has_steps)
            for object_id, box in zip(ids, boxes, strict=True)
        ]
        self._next_id = ids.stop
        self._tracks += new
        self._last = np.concatenate([self._last, seen])
        self._filters.add(seen)
        return tuple(
            _report(track, track.value, box, NO_STEP)
            for track, box in zip(new, _ints(seen), strict=True)
        )


def _ordered(boxes: Sequence[BoundingBox]) -> list[BoundingBox]:
    """By place, size and label; of boxes that agree in all these, as introsort leaves them."""
    keys = [_ORDER(box) for box in boxes]
    ranks = {key: rank for rank, key in enumerate(sorted(set(keys)))}
    order = introsort_order(np.array([-ranks[key] for key in keys], np.float32))
    return [boxes[index] for index in order.tolist()]


def _report(track: _Track, value: float, box: Sequence[int], step: Sequence[int]) -> TrackedObject:
    x, y, width, height = box
    x1, y1, x2, y2 = step if track.has_steps else NO_STEP
    return TrackedObject(
        track.object_id, track.label, value, x, y, width, height, track.seen, (x1, y1, x2, y2)
    )


def _ints(numbers: FloatArray) -> list[list[int]]:
    whole: list[list[int]] = numbers.astype(np.int64).tolist()
    return whole
