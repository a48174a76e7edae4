"""The analysis by FFT in the versions 2, 3 (the same) and 4."""

from __future__ import annotations

import numpy as np

from ..block import FloatArray
from .analysis import Analysis
from .butterworth import make_filter
from .decimation import Decimator
from .fft_features import FftFeatures
from .settings import Settings

__all__ = ["FftAnalysis"]

_LOW_FREQUENCY_RATIO = 10


class FftAnalysis(Analysis):
    """Decimates and filters if the settings say so, then computes :class:`FftFeatures`.

    With ``extra_low_freq`` the features of all axes are followed by those of a copy of the filtered
    signal with a tenth of the samples. Decimation and the extra features exist in version 4 only.
    """

    def __init__(self, settings: Settings) -> None:
        self._axes = settings.axes
        ratio = settings.input_decimation_ratio if settings.version == 4 else 1
        rate = float(np.float32(settings.frequency / ratio))
        self._decimator = Decimator(ratio) if ratio > 1 else None
        self._filter = make_filter(settings, rate)
        self._features = FftFeatures(settings, rate)
        self._split = self.feature_count = settings.axes * self._features.size
        self._low: FftFeatures | None = None
        if settings.extra_low_freq and settings.version == 4:
            self._low = FftFeatures(settings, float(np.float32(rate / _LOW_FREQUENCY_RATIO)))
            self._low_decimator = Decimator(_LOW_FREQUENCY_RATIO)
            self.feature_count += settings.axes * self._low.size

    def plan(self, samples: int) -> None:
        """See :meth:`Analysis.plan`."""
        if self._decimator is not None:
            samples = self._decimator.length(samples)
        self._features.plan(samples)
        if self._low is not None:
            self._low.plan(self._low_decimator.length(samples))

    def into(self, signal: FloatArray, out: FloatArray) -> None:
        """See :meth:`Analysis.into`."""
        if self._decimator is not None:
            signal = self._decimator.apply(signal)
        if self._filter is not None:
            signal = self._filter.apply(signal)
        self._features.into(signal, out[: self._split].reshape(self._axes, -1))
        if self._low is not None:
            low = self._low_decimator.apply(signal)
            self._low.into(low, out[self._split :].reshape(self._axes, -1))
