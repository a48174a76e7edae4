"""The analysis by wavelets."""

from __future__ import annotations

from ...errors import InvalidInputError
from ..block import FloatArray
from ..moments import RowMeans
from .analysis import Analysis
from .butterworth import make_filter
from .component_statistics import STATISTICS, ComponentStatistics
from .settings import Settings
from .wavelet_filters import decomposition_filters
from .wavelet_transform import WaveletTransform

__all__ = ["WaveletAnalysis"]

_SHORTEST = 32


class WaveletAnalysis(Analysis):
    """For each axis and each component of its wavelet transform: 14 statistics.

    Components are the approximation and then the details from coarse to fine.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        if not settings.wavelet_level:
            raise InvalidInputError(
                "the field 'wavelet_level' of the spectral_analysis block is 0, expected at least 1"
            )
        self._filters = decomposition_filters(settings.wavelet)
        self._filter = make_filter(settings, settings.frequency)
        self.feature_count = settings.axes * (settings.wavelet_level + 1) * STATISTICS

    def plan(self, samples: int) -> None:
        """See :meth:`Analysis.plan`."""
        axes, level = self._settings.axes, self._settings.wavelet_level
        if samples < _SHORTEST << level:
            raise InvalidInputError(
                f"the window has {samples} samples of each axis, expected at least "
                f"{_SHORTEST << level} for wavelets of level {level}"
            )
        self._means = RowMeans((axes, samples))
        self._transform = WaveletTransform(self._filters, level, axes, samples)
        self._statistics = ComponentStatistics(self._transform.components, self._transform.lengths)

    def into(self, signal: FloatArray, out: FloatArray) -> None:
        """See :meth:`Analysis.into`."""
        if self._filter is not None:
            signal = self._filter.apply(signal)
        signal -= self._means.of(signal)
        self._transform.compute(signal)
        features = out.reshape(self._settings.axes, -1, STATISTICS)
        features[...] = self._statistics.compute().transpose(2, 1, 0)
