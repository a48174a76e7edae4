"""Where an image lands in the input of a model: pure arithmetic, worked out once for each size.

Sizes are rounded and crops are placed as in sharp, the library with which Edge Impulse resizes: the
scaled size to the nearest pixel, and what cannot be centred evenly one pixel further to the top
left, because a crop begins at a whole pixel of the scaled image. A side that would be scaled to
less than one pixel is scaled to one.
"""

from __future__ import annotations

from functools import lru_cache
from math import floor
from numbers import Integral
from typing import Any, NamedTuple

from .._text import one_line
from ..errors import InvalidInputError

__all__ = [
    "ANCHORS",
    "MAX_PIXELS",
    "RESIZE_MODES",
    "Placement",
    "Size",
    "Span",
    "check_name",
    "check_placement",
    "place",
]

RESIZE_MODES = ("none", "fit-shortest", "fit-longest", "squash")
"""How an image of another size is brought to that of a model; see :func:`resize`."""

ANCHORS = (
    "top-left", "top-center", "top-right",
    "middle-left", "middle-center", "middle-right",
    "bottom-left", "bottom-center", "bottom-right",
)  # fmt: skip
"""Which part of an image is kept where it is cropped."""

MAX_PIXELS = 256 * 1024 * 1024
"""Of an image that is read, and of the input of a model."""

Size = tuple[int, int]
_LONGEST_SIDE = 2**31 - 1
_START, _CENTER, _END = range(3)


class Span(NamedTuple):
    """One side of an image and of the input: which part of the first fills which of the second.

    ``start`` and ``length`` are in pixels of the original image, ``first`` and ``size`` in those
    of the input.
    """

    start: float
    length: float
    first: int
    size: int

    @property
    def scale(self) -> float:
        """Pixels of the original image for each pixel of the input."""
        return self.length / self.size


class Placement(NamedTuple):
    """Both sides of an image."""

    x: Span
    y: Span


def place(original: Size, model: Size, mode: str, anchor: str) -> Placement:
    """Where an image lands.

    Args:
        original: width and height of the image, in pixels.
        model: width and height of the model's input.
        mode: one of :data:`RESIZE_MODES`, or ``unknown``, which is taken for ``squash``.
        anchor: one of :data:`ANCHORS`.

    Raises:
        InvalidInputError: a size is not positive or too large, or there is no such mode or anchor.
    """
    check_placement(original, model, mode, anchor)
    return _place(original, model, mode, anchor)


def check_placement(original: Any, model: Any, mode: Any, anchor: Any) -> None:
    """Raise InvalidInputError for what :func:`place` cannot place, whatever its type."""
    _check_size("the image", original)
    _check_size("the input of the model", model)
    if int(model[0]) * int(model[1]) > MAX_PIXELS:
        raise InvalidInputError(
            f"the size of the input of the model is {model!r}, expected at most {MAX_PIXELS} pixels"
        )
    check_name("resize mode", mode, RESIZE_MODES, "unknown")
    check_name("crop anchor", anchor, ANCHORS)


def check_name(what: str, name: Any, known: tuple[str, ...], *aliases: str) -> None:
    """Raise InvalidInputError unless a name is known."""
    if not isinstance(name, str) or name not in (*known, *aliases):
        raise InvalidInputError(
            f"there is no {what} {_shown(name)}; expected one of {', '.join(known)}"
        )


@lru_cache(maxsize=64)
def _place(original: Size, model: Size, mode: str, anchor: str) -> Placement:
    scales = _scales(original, model, mode)
    row, column = divmod(ANCHORS.index(anchor), 3)
    x, y = map(_span, original, model, scales, (column, row))
    return Placement(x, y)


def _scales(original: Size, model: Size, mode: str) -> tuple[float, float]:
    x, y = original[0] / model[0], original[1] / model[1]
    if mode in ("squash", "unknown"):
        return x, y
    if mode == "fit-shortest":
        return min(x, y), min(x, y)
    if mode == "fit-longest":
        return max(x, y), max(x, y)
    return 1.0, 1.0


def _span(original: int, model: int, scale: float, anchor: int) -> Span:
    scale = min(scale, float(original))
    scaled = max(floor(original / scale + 0.5), 1)
    size = min(scaled, model)
    surplus = scaled - size
    skipped = {_START: 0, _CENTER: (surplus + 1) // 2, _END: surplus}[anchor]
    start = skipped * scale
    if scale > 1:  # a shrunk image is centred over the original, an enlarged one begins with it
        start += (original - scaled * scale) / 2
    return Span(start, size * scale, (model - size) // 2, size)


def _check_size(what: str, size: Any) -> None:
    sides = size if isinstance(size, tuple) else ()
    if len(sides) != 2 or not all(map(_is_side, sides)):
        raise InvalidInputError(
            f"the size of {what} is {_shown(size)}, expected (width, height) in whole pixels, at "
            f"least 1 and at most {_LONGEST_SIDE}"
        )


def _is_side(side: Any) -> bool:
    return isinstance(side, Integral) and 0 < int(side) <= _LONGEST_SIDE


def _shown(value: Any) -> str:
    try:
        text = one_line(repr(value))
    except ValueError:  # Python writes no integer of thousands of digits
        return "far too large"
    return text if len(text) <= 80 else f"{text[:80]}..."
