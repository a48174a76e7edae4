"""The block ``mfe``: the energies of mel filters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...contract import BlockContext
from ...fields import count, number, read_fields, whole
from ..block import IGNORED_FIELDS, FloatArray
from .block import check_version
from .cmvn import MAX_ROWS, SlidingNormalizer, scale_to_unit_range
from .decibels import Decibels, round_to_steps
from .filterbanks import coded_filterbank, filterbank
from .mel import MAX_FILTERS
from .preemphasis import Preemphasis
from .slices import SlicedBlock
from .spectrum import MAX_FFT_LENGTH, replace_zeros

__all__ = ["Mfe"]

_FIELDS = {
    "frame_length": number(0.02),
    "frame_stride": number(0.01),
    "num_filters": count(40, most=MAX_FILTERS),
    "fft_length": count(256, most=MAX_FFT_LENGTH),
    "low_frequency": whole(0),
    "high_frequency": whole(0),
    "win_size": count(101, most=MAX_ROWS),
    "noise_floor_db": whole(-52),
}
_FIRST_WITH_DECIBELS = 3
_EMPHASIS = 0.98
_FROM_INT16 = 1 / 32768


class Mfe(SlicedBlock):
    """Mel filterbank energies, one row a frame and one column a filter, from 0 to 1.

    Versions 1 and 2 subtract a sliding mean over ``win_size`` frames and scale to the range of
    the window (not with a ``win_size`` of 0). Versions 3 and 4 emphasise the signal and
    give decibels above ``noise_floor_db`` in steps of 1/256. Version 4 uses the whole spectrum,
    earlier ones its lower half, from 300 Hz on if ``low_frequency`` is 0.

    Defaults: frames of 0.02 s every 0.01 s, 40 filters, FFT of 256, the whole band, a ``win_size``
    of 101 and a noise floor of -52 dB.
    """

    def __init__(self, config: Mapping[str, Any], context: BlockContext) -> None:
        check_version("mfe", context.version)
        fields = read_fields("mfe block", config, _FIELDS, IGNORED_FIELDS)
        filters = fields["num_filters"]
        super().__init__("mfe", fields, context, columns=filters)
        in_decibels = context.version >= _FIRST_WITH_DECIBELS
        make_bank = filterbank if in_decibels else coded_filterbank
        self._bank = make_bank(fields, context.version, int(context.frequency))
        self._decibels: Decibels | None = None
        if in_decibels:
            self._preemphasis = Preemphasis(_EMPHASIS, scale=_FROM_INT16)
            self._decibels = Decibels(fields["noise_floor_db"])
        rows = fields["win_size"]
        self._sliding = SlidingNormalizer(rows, filters, variance=False) if rows else None

    def _features(self, power: FloatArray) -> FloatArray:
        return replace_zeros(self._bank(power))

    def _normalize(self, matrix: FloatArray, out: FloatArray) -> None:
        if self._decibels:
            levels = self._decibels(matrix)
            round_to_steps(levels)
            np.copyto(out, levels)
        elif self._sliding:
            self._sliding(matrix, out)
            scale_to_unit_range(out)
        else:
            np.copyto(out, matrix)
