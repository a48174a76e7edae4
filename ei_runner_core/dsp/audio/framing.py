"""Cutting a signal into overlapping frames: how long, how far apart, how many."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ...errors import InvalidInputError
from ..block import FloatArray

__all__ = ["MAX_SAMPLES", "Framing", "Part", "slice_framing", "window_framing"]

MAX_SAMPLES = 2**31
_SHORTEST = 0.5
_NEARLY_WHOLE = np.float32(0.001)


@dataclass(frozen=True)
class Framing:
    """Frames of ``length`` samples that start ``stride`` samples apart.

    ``last_frame`` is False for version 1 of the blocks, which leave out the last one that fits.
    """

    length: int
    stride: int
    last_frame: bool = True

    @property
    def overlap(self) -> int:
        """How many samples two neighbours share; negative when there are gaps."""
        return self.length - self.stride

    @property
    def shortest(self) -> int:
        """The length of the shortest signal that has a frame."""
        return self.length if self.last_frame else self.length + self.stride

    def count(self, samples: int) -> int:
        """How many frames a signal has; 0 if it is too short."""
        rest = samples - (self.overlap if self.last_frame else self.length)
        return max(0, rest // self.stride)

    def span(self, frames: int) -> int:
        """How many samples so many frames cover, from the first to the last."""
        return (frames - 1) * self.stride + self.length


@dataclass(frozen=True)
class Part:
    """A signal and the frames that are taken from it, which it is long enough for.

    ``signal`` is float32, shape (n,), C-contiguous.
    """

    signal: FloatArray
    framing: Framing
    frames: int

    def columns(self, most: int = MAX_SAMPLES) -> FloatArray:
        """A view of the first samples of each frame, shape (samples, frames), without a copy."""
        samples, step = min(most, self.framing.length), self.signal.itemsize
        strides = step, step * self.framing.stride
        shape = samples, self.frames
        view: FloatArray = np.ndarray(shape, np.float32, self.signal, 0, strides)
        return view


def window_framing(version: int, frame_length: float, frame_stride: float, rate: float) -> Framing:
    """The frames of a whole window.

    Args:
        version: of the block; 1 rounds to the nearest sample, later ones round up.
        frame_length: in seconds.
        frame_stride: in seconds.
        rate: samples a second.

    Raises:
        InvalidInputError: a frame or a stride has no samples, or absurdly many.
    """
    to_samples = _nearest if version == 1 else _upwards
    length = to_samples(_samples("frame_length", frame_length, rate))
    stride = to_samples(_samples("frame_stride", frame_stride, rate))
    return Framing(length, stride, last_frame=version != 1)


def slice_framing(frame_length: float, frame_stride: float, rate: float) -> Framing:
    """The frames across the border of two slices: lengths are cut to whole samples.

    Args:
        frame_length: in seconds.
        frame_stride: in seconds.
        rate: samples a second.
    """
    length = _samples("frame_length", frame_length, rate)
    return Framing(int(length), int(_samples("frame_stride", frame_stride, rate)))


def _samples(name: str, seconds: float, rate: float) -> np.float32:
    with np.errstate(over="ignore"):
        samples: np.float32 = np.float32(seconds) * np.float32(rate)
    if not _SHORTEST <= samples < MAX_SAMPLES:
        raise InvalidInputError(
            f"{name} is {seconds:g} s, which is {samples:g} samples at {rate:g} Hz, expected from "
            f"1 to {MAX_SAMPLES} samples"
        )
    return samples


def _nearest(samples: np.float32) -> int:
    return math.floor(float(samples) + 0.5)


def _upwards(samples: np.float32) -> int:
    whole = np.floor(samples)
    return int(whole) + bool(samples - whole >= _NEARLY_WHOLE)
