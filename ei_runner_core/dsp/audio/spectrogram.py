"""The block ``spectrogram``: the power of each frequency over time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...contract import BlockContext
from ...errors import InvalidInputError
from ...fields import count, flag, number, read_fields, whole
from ..block import IGNORED_FIELDS, FloatArray
from .cmvn import scale_to_unit_range
from .decibels import Decibels
from .framing import Part, window_framing
from .slices import SlicedBlock
from .spectrum import MAX_FFT_LENGTH, replace_zeros

__all__ = ["Spectrogram"]

_FIELDS = {
    "frame_length": number(0.02),
    "frame_stride": number(0.01),
    "fft_length": count(128, most=MAX_FFT_LENGTH),
    "noise_floor_db": whole(-52),
    "show_axes": flag(default=True),
}
_FIRST_WITH_DECIBELS = 3
_FROM_INT16 = np.float32(1 / 32768)


class Spectrogram(SlicedBlock):
    """Powers, one row a frame and one column for each of fft_length/2 + 1 frequencies.

    Versions 1 and 2 scale to the range of the window, version 3 gives decibels above
    ``noise_floor_db`` as 0 to 1, and divides frames with values beyond 1 by 32768 first. Version 4
    does not, and has no upper limit. Later versions are taken for version 4, as in the SDK.

    Defaults: frames of 0.02 s every 0.01 s, FFT of 128, noise floor of -52 dB. ``show_axes`` is
    for people only.
    """

    def __init__(self, config: Mapping[str, Any], context: BlockContext) -> None:
        fields = read_fields("spectrogram block", config, _FIELDS, IGNORED_FIELDS)
        super().__init__("spectrogram", fields, context, columns=fields["fft_length"] // 2 + 1)
        self._whole_rate_framing = self._framing
        seconds = fields["frame_length"], fields["frame_stride"]
        self._framing = window_framing(context.version, *seconds, context.frequency)
        in_decibels = context.version >= _FIRST_WITH_DECIBELS
        self._decibels = Decibels(fields["noise_floor_db"]) if in_decibels else None
        self._is_limited = context.version == _FIRST_WITH_DECIBELS

    def consumed(self, length: int) -> int:
        """How much of the window later blocks see: up to the end of the last frame."""
        return self._framing.span(self._count_frames(length))

    def _count_frames(self, length: int) -> int:
        frames = super()._count_frames(length)
        expected = self._whole_rate_framing.count(length)
        if frames != expected:
            raise InvalidInputError(
                f"the window has {frames} frames, but {expected} when the frequency is cut to a "
                "whole number of Hz, which decides the size of the output: use another frequency"
            )
        return frames

    def _power(self, part: Part) -> FloatArray:
        if not self._is_limited:
            return super()._power(part)
        frames = part.columns()
        loud = (np.abs(frames) > 1).any(axis=0)
        factors = np.where(loud, _FROM_INT16, np.float32(1))
        return self._spectrum(frames[: self._spectrum.length] * factors)

    def _features(self, power: FloatArray) -> FloatArray:
        return replace_zeros(power)

    def _normalize(self, matrix: FloatArray, out: FloatArray) -> None:
        if self._decibels is None:
            np.copyto(out, matrix)
            scale_to_unit_range(out)
            return
        levels = self._decibels(matrix)
        np.maximum(levels, np.float32(0), out=out)
        if self._is_limited:
            np.minimum(out, np.float32(1), out=out)
