"""What a stream of slices leaves behind: samples of unfinished frames, and the last rows."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ...errors import InvalidInputError
from ..block import FloatArray
from .framing import Framing, Part

__all__ = ["Carry", "RollingMatrix", "cut_slice"]


@dataclass
class Carry:
    """The end of the last slice, for the frames that reach into the next one.

    In the SDK there is one for all blocks of an impulse. To get its numbers, give all plans the
    same object before the first slice (``plan.carry = shared``) and run them in the order of the
    impulse: each one then continues with what its predecessor left, which belongs to the *same*
    slice. A block with another frame length empties it first.
    """

    samples: FloatArray = field(default_factory=lambda: np.empty(0, np.float32))
    frame_length: int = 0

    def samples_for(self, frame_length: int) -> FloatArray:
        """The samples, none if they were kept for frames of another length."""
        return self.samples if frame_length == self.frame_length else self.samples[:0]

    def keep(self, samples: FloatArray, frame_length: int) -> None:
        """Keep a copy of these samples for frames of this length."""
        self.samples, self.frame_length = samples.copy(), frame_length


class RollingMatrix:
    """The last rows of features, oldest first, in front of which are zeros.

    Args:
        size: number of values, a multiple of ``columns``.
        columns: number of values in a row.
    """

    def __init__(self, size: int, columns: int) -> None:
        self.rows: FloatArray = np.zeros((size // columns, columns), np.float32)

    def append(self, rows: FloatArray) -> None:
        """Push rows in at the end, shape (n, columns)."""
        newest = rows[-len(self.rows) :]
        kept = len(self.rows) - len(newest)
        self.rows[:kept] = self.rows[len(newest) :]
        self.rows[kept:] = newest


def cut_slice(
    signal: FloatArray, carried: int, border: Framing, inner: Framing, most: int
) -> tuple[list[Part], int]:
    """The frames of a slice.

    Frames that begin in the carried samples have the lengths of ``border``, cut to whole samples.
    Where ``inner`` rounds the frame up, they are a sample too short and give nothing.

    Args:
        signal: the carried samples and the slice behind them.
        carried: how many of its samples are carried.
        border: the frames that begin in the carried samples.
        inner: those that begin in the slice.
        most: how many of those a window has room for.

    Returns:
        the parts that have frames, and how many samples to carry to the next slice.

    Raises:
        InvalidInputError: the slice is too short, or longer than a window.
    """
    crossing = -(-carried // border.stride)
    begin = crossing * border.stride
    needed = begin + max(border.overlap, inner.overlap)
    if signal.size < needed:
        raise InvalidInputError(
            f"the slice has {signal.size - carried} samples, expected at least {needed - carried}"
        )
    rest = signal[begin:]
    frames = inner.count(rest.size)
    if frames > most:
        raise InvalidInputError(
            f"the slice has {frames} frames, a whole window only {most}: use shorter slices"
        )
    left = rest.size - inner.span(frames) + border.overlap
    if border == inner:
        return [Part(signal, inner, crossing + frames)], left
    parts = [Part(rest, inner, frames)]
    if border.length == inner.length:
        parts.insert(0, Part(signal, border, crossing))
    return parts, left
