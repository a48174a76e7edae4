"""Bringing an image to the size of a model, with the pixels that sharp gives.

That is what Edge Impulse resizes with. To shrink, sharp takes Lanczos, over the means of small
blocks where an image is much too large. To enlarge one side or both, it takes a bicubic kernel and
moves the image by half a pixel of the result, right and down. Both are done here, too: a network
has been trained with them.
"""

from __future__ import annotations

from functools import lru_cache
from math import ceil

import numpy as np
import numpy.typing as npt

from .geometry import Placement, Span, check_name, place
from .loading import check_rgb, pillow

__all__ = ["KERNELS", "resize"]

Pixels = npt.NDArray[np.uint8]
Indices = npt.NDArray[np.intp]

KERNELS = ("lanczos3", "nearest")
"""The kernels that an impulse may resize with."""

_GAP = 2.0  # what is shrunk more is averaged first, so that this much is left to the kernel
_MOST_AVERAGED = 2**18  # pixels for one; Pillow's means of more are too dark
_HAIR = 1e-6  # more than float arithmetic can miss the edge of an image by


def resize(
    rgb: Pixels,
    width: int,
    height: int,
    mode: str = "squash",
    kernel: str = "lanczos3",
    anchor: str = "middle-center",
) -> Pixels:
    """Bring an image to the size that a model takes.

    Args:
        rgb: uint8, shape (h, w, 3).
        width: pixels.
        height: pixels.
        mode: ``squash`` stretches both sides. ``fit-shortest`` scales until the image fills the
            input, and crops what is too much of the other side. ``fit-longest`` scales until all
            of the image fits in, and centres it on black. ``none`` does not scale: what is too
            large is cropped, what is too small is centred on black. ``unknown``, which is what a
            model says that does not tell its mode, is ``squash``. In all modes an image of the
            right size is never touched.
        kernel: ``lanczos3`` or ``nearest``, as in Studio.
        anchor: which part is kept where the image is cropped: ``top``, ``middle`` or ``bottom``,
            then ``left``, ``center`` or ``right``, such as ``top-left``.

    Returns:
        uint8, shape (height, width, 3).

    Raises:
        InvalidInputError: there is no such mode, kernel or anchor, a size is not positive or too
            large, or the image has another dtype or shape.
        BackendUnavailableError: scaling with ``lanczos3`` needs Pillow, which is not installed.
    """
    check_rgb(rgb)
    check_name("resize kernel", kernel, KERNELS)
    x, y = placement = place((rgb.shape[1], rgb.shape[0]), (width, height), mode, anchor)
    if rgb.shape == (height, width, 3):
        return rgb
    if x.scale == y.scale == 1.0:
        part = rgb[int(y.start) : int(y.start) + y.size, int(x.start) : int(x.start) + x.size]
    else:
        part = _nearest(rgb, placement) if kernel == "nearest" else _smooth(rgb, placement)
    if part.shape == (height, width, 3):
        return np.ascontiguousarray(part)
    padded = np.zeros((height, width, 3), np.uint8)
    padded[y.first : y.first + y.size, x.first : x.first + x.size] = part
    return padded


def _smooth(rgb: Pixels, placement: Placement) -> Pixels:
    filters = pillow().Resampling
    x, y = placement
    if x.scale > 1 or y.scale > 1:
        rgb = _resampled(
            rgb,
            x if x.scale > 1 else _all(rgb.shape[1]),
            y if y.scale > 1 else _all(rgb.shape[0]),
            filters.LANCZOS,
        )
    if x.scale < 1 or y.scale < 1:
        rgb = _resampled(
            rgb,
            _shifted(x if x.scale < 1 else _all(rgb.shape[1])),
            _shifted(y if y.scale < 1 else _all(rgb.shape[0])),
            filters.BICUBIC,
        )
    return rgb


def _all(length: int) -> Span:
    """A side that stays as it is."""
    return Span(0.0, float(length), 0, length)


def _shifted(span: Span) -> Span:
    return span._replace(start=span.start - span.scale / 2)


def _resampled(rgb: Pixels, x: Span, y: Span, kernel: int) -> Pixels:
    rgb, left, top = _with_margins(rgb, x, y)
    right, bottom = left + x.start + x.length, top + y.start + y.length
    box = (  # float arithmetic may begin or end a hair outside
        max(left + x.start, 0.0),
        max(top + y.start, 0.0),
        min(right, rgb.shape[1]),
        min(bottom, rgb.shape[0]),
    )
    gap = _GAP if x.scale * y.scale <= _MOST_AVERAGED else None
    return np.asarray(pillow().fromarray(rgb).resize((x.size, y.size), kernel, box, gap))


def _with_margins(rgb: Pixels, x: Span, y: Span) -> tuple[Pixels, int, int]:
    """The image with its edges repeated as far as a part reaches out of it; left and top added."""
    across, down = _margins(x, rgb.shape[1]), _margins(y, rgb.shape[0])
    if any((*across, *down)):
        rgb = np.pad(rgb, (down, across, (0, 0)), "edge")
    return rgb, across[0], down[0]


def _margins(span: Span, length: int) -> tuple[int, int]:
    after = span.start + span.length - length
    return max(ceil(-span.start - _HAIR), 0), max(ceil(after - _HAIR), 0)


def _nearest(rgb: Pixels, placement: Placement) -> Pixels:
    rows, columns = _picked(placement.y, rgb.shape[0]), _picked(placement.x, rgb.shape[1])
    if rows.size > rgb.shape[0]:  # what is enlarged comes last, lest it is enlarged for nothing
        return rgb[:, columns][rows]
    return rgb[rows][:, columns]


@lru_cache(maxsize=8)
def _picked(span: Span, length: int) -> Indices:
    """Which pixel of the original each pixel of the input is.

    For an image that is shrunk the one in the middle, where of one that is much too large only each
    ``step``-th is looked at; for one that is enlarged the one at the left or top edge.
    """
    shrinks = span.scale > 1
    step = max(int(span.scale / _GAP), 1)
    places = (span.start + (np.arange(span.size) + (0.5 if shrinks else 0.0)) * span.scale) / step
    unseen = length / step - length // step
    indices = step * np.floor(places - unseen / 2).astype(np.intp)
    return indices.clip(0, length - 1)
