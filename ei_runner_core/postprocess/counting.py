"""Object counting: how often tracked objects crossed a line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from ..errors import InvalidInputError
from ..fields import count
from ..results import ResultParts
from .array_fields import wholes
from .base import StepContext
from .sequence import CAMERA, ResultStep, part_of, read_settings

__all__ = ["Counting"]

_FIELDS = {"segments": wholes(2), "sensor": count(CAMERA)}


class Counting(ResultStep):
    """Counts the steps of tracked objects that cross lines; what is no camera counts nothing.

    Args:
        config: ``segments``, the lines: x1, y1, x2, y2 in pixels of the model's input each;
            ``sensor``, the SDK's number of it (default 3, a camera).
        context: not looked at.
    """

    def __init__(self, config: Mapping[str, Any], context: StepContext) -> None:
        fields = read_settings("counting", config, _FIELDS, nested="object_counting")
        shape = fields["segments"].shape
        if shape[0] and shape[1] != 4:
            raise InvalidInputError(
                f"the segments of the counting step have the shape {shape}, expected (n, 4): x1, "
                "y1, x2 and y2 of each line"
            )
        self._lines: list[list[int]] = fields["segments"].tolist()
        self._is_camera = fields["sensor"] == CAMERA
        self.reset()

    def update(self, parts: ResultParts) -> ResultParts:
        """See :meth:`ResultStep.update`; takes ``object_tracking``, gives ``counts``."""
        tracked = part_of(parts, "object_tracking")
        if tracked is None:
            raise InvalidInputError(
                f"counting works on tracked objects, but the result has "
                f"{', '.join(parts) or 'nothing'}; put it behind object tracking"
            )
        if self._is_camera:
            steps = [track.last_centroid_segment for track in tracked]
            for (index, line), step in product(enumerate(self._lines), steps):
                self._counts[index] += _cross(step, line)
        return {**parts, "counts": tuple(self._counts)}

    def reset(self) -> None:
        """Begin to count at 0."""
        self._counts = [0] * len(self._lines)


def _cross(a: Sequence[int], b: Sequence[int]) -> bool:
    """Whether the ends of each segment lie on different sides of the other one."""
    return _is_left(a, b[0], b[1]) != _is_left(a, b[2], b[3]) and _is_left(
        b, a[0], a[1]
    ) != _is_left(b, a[2], a[3])


def _is_left(segment: Sequence[int], x: int, y: int) -> bool:
    x1, y1, x2, y2 = segment
    return (y - y1) * (x2 - x1) > (y2 - y1) * (x - x1)
