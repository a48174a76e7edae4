"""The block ``mfcc``: cepstral coefficients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...contract import BlockContext
from ...errors import InvalidInputError
from ...fields import count, number, read_fields, whole
from ..block import IGNORED_FIELDS, FloatArray
from ..logarithms import natural_log
from .block import check_version
from .cmvn import MAX_ROWS, SlidingNormalizer
from .cosine import CosineTransform
from .filterbanks import filterbank
from .mel import MAX_FILTERS
from .preemphasis import Preemphasis
from .slices import SlicedBlock
from .spectrum import MAX_FFT_LENGTH, replace_zeros

__all__ = ["Mfcc"]

_FIELDS = {
    "num_cepstral": count(13, most=MAX_FILTERS),
    "frame_length": number(0.02),
    "frame_stride": number(0.02),
    "num_filters": count(32, most=MAX_FILTERS),
    "fft_length": count(256, most=MAX_FFT_LENGTH),
    "win_size": count(101, most=MAX_ROWS),
    "low_frequency": whole(0),
    "high_frequency": whole(0),
    "pre_cof": number(0.98),
    "pre_shift": count(1, most=MAX_FFT_LENGTH),
}


class Mfcc(SlicedBlock):
    """Mel-frequency cepstral coefficients, one row a frame, standardised over ``win_size`` frames.

    The first coefficient is the logarithm of the frame's energy. A ``win_size`` of 0 leaves the
    coefficients as they are. Version 1 has a frame less; version 4 uses the whole spectrum,
    earlier ones its lower half, from 300 Hz on if ``low_frequency`` is 0.

    Defaults: 13 coefficients of 32 filters, frames of 0.02 s every 0.02 s, FFT of 256, the whole
    band, a ``win_size`` of 101, pre-emphasis with 0.98 of the sample before.
    """

    _counts_carried = True

    def __init__(self, config: Mapping[str, Any], context: BlockContext) -> None:
        check_version("mfcc", context.version)
        fields = read_fields("mfcc block", config, _FIELDS, IGNORED_FIELDS)
        coefficients, filters = fields["num_cepstral"], fields["num_filters"]
        if not 1 <= coefficients <= filters:
            raise InvalidInputError(
                f"num_cepstral is {coefficients}, expected 1 to {filters}, the number of filters"
            )
        super().__init__("mfcc", fields, context, columns=coefficients, first_version=1)
        rate = int(context.frequency)
        self._bank = filterbank(fields, context.version, rate, with_total=True)
        self._preemphasis = Preemphasis(fields["pre_cof"], fields["pre_shift"])
        self._transform = CosineTransform(filters, coefficients)
        nothing = natural_log(replace_zeros(np.zeros(1, np.float32)))
        self._silence = self._transform.of_constant(nothing.item())
        rows = fields["win_size"]
        self._sliding = SlidingNormalizer(rows, coefficients, variance=True) if rows else None

    def _features(self, power: FloatArray) -> FloatArray:
        energies = self._bank(power)
        silent = energies[-1] == 0
        logarithms = natural_log(replace_zeros(energies))
        coefficients = self._transform(logarithms[:-1])
        if silent.any():  # nothing but residues, which normalisation may blow up
            coefficients[:, silent] = self._silence
        coefficients[0] = logarithms[-1]
        return coefficients

    def _normalize(self, matrix: FloatArray, out: FloatArray) -> None:
        if self._sliding:
            self._sliding(matrix, out)
        else:
            np.copyto(out, matrix)
