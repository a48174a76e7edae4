"""Boxes from annotations, checked against the image that they lie in."""

from __future__ import annotations

import math

from ...contract.uploaders import LabeledBox
from ...errors import InvalidInputError

__all__ = ["TOLERANCE", "Size", "box_between", "fit_box"]

Size = tuple[float, float] | None
"""Width and height of an image in pixels, or None where they are not known."""

TOLERANCE = 1.0
"""Boxes may reach that many pixels out of their image: tools round. They are cut off there."""


def box_between(
    label: str, left: float, top: float, right: float, bottom: float, size: Size, where: str
) -> LabeledBox:
    """A box by two corners; see :func:`fit_box`."""
    return fit_box(LabeledBox(label, left, top, right - left, bottom - top), size, where)


def fit_box(box: LabeledBox, size: Size, where: str) -> LabeledBox:
    """A box as it lies in its image; whole numbers are ints.

    Args:
        box: in pixels.
        size: of the image; None checks only that the box does not begin before it.
        where: file and position, for messages.

    Raises:
        InvalidInputError: a number is not finite, the box has no area, or more than
            ``TOLERANCE`` of it lies outside.
    """
    numbers = (box.x, box.y, box.width, box.height)
    if not all(map(math.isfinite, numbers)):
        raise InvalidInputError(f"{where}: {_shown(box)} holds what is no finite number")
    if box.width <= 0 or box.height <= 0:
        raise InvalidInputError(
            f"{where}: {_shown(box)} has no area; expected a width and a height above 0"
        )
    x, width = _fit(box.x, box.width, size[0] if size else math.inf)
    y, height = _fit(box.y, box.height, size[1] if size else math.inf)
    if width <= 0 or height <= 0:
        extent = f"of {size[0]:g} x {size[1]:g} pixels" if size else "which begins at 0, 0"
        raise InvalidInputError(f"{where}: {_shown(box)} lies outside of the image {extent}")
    return LabeledBox(box.label, _tidy(x), _tidy(y), _tidy(width), _tidy(height))


def _fit(start: float, length: float, limit: float) -> tuple[float, float]:
    """Where an edge begins and its length within the image; a length of 0 where it is outside."""
    end = start + length
    if start >= 0 and end <= limit:
        return start, length
    if start < -TOLERANCE or end > limit + TOLERANCE:
        return start, 0
    start = max(start, 0)
    return start, min(end, limit) - start


def _tidy(number: float) -> float:
    return int(number) if number == int(number) else number


def _shown(box: LabeledBox) -> str:
    return (
        f"the box {box.label!r} (x {box.x:g}, y {box.y:g}, width {box.width:g}, "
        f"height {box.height:g})"
    )
