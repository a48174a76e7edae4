"""The analysis by FFT in version 1: peaks of the spectrum, and power between edges."""

from __future__ import annotations

import numpy as np

from ..._optional import need
from ...errors import InvalidInputError
from ..block import FloatArray
from ..moments import RowMeans
from .analysis import Analysis
from .bands import BandMeans
from .butterworth import make_filter
from .peaks import PeakFinder
from .settings import Settings

__all__ = ["FirstVersion"]

_MOST_EDGES = 255
_HIGHEST_EDGE = 1e30


class FirstVersion(Analysis):
    """For each axis: RMS, the highest peaks as frequency and amplitude, power between edges.

    Only as many samples as the FFT is long are looked at for peaks and power.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._filter = make_filter(settings, settings.frequency)
        self._rfft = need("scipy.fft", "spectral_analysis", "tensor").rfft
        self._peaks = PeakFinder(
            settings.fft_length,
            settings.frequency,
            settings.spectral_peaks_count,
            settings.spectral_peaks_threshold,
        )
        edges = _read_edges(settings.spectral_power_edges)
        self._bands = BandMeans(edges, settings.fft_length, settings.frequency, settings.axes)
        per_axis = 1 + 2 * settings.spectral_peaks_count + len(edges) - 1
        self.feature_count = settings.axes * per_axis

    def plan(self, samples: int) -> None:
        """See :meth:`Analysis.plan`."""
        axes, length = self._settings.axes, self._settings.fft_length
        used = min(samples, length)
        self._used = slice(used)
        self._means = RowMeans((axes, samples))
        self._square_means = RowMeans((axes, samples))
        self._used_means = RowMeans((axes, used))
        # doubled for the half of the spectrum that is not computed; the mean's bin is doubled too
        density = 2 / (self._settings.frequency * used)
        self._density = np.full(length // 2 + 1, density, np.float32)
        self._density[-1] /= 2

    def into(self, signal: FloatArray, out: FloatArray) -> None:
        """See :meth:`Analysis.into`."""
        signal -= self._means.of(signal)
        if self._filter is not None:
            signal = self._filter.apply(signal)
        features = out.reshape(self._settings.axes, -1)
        np.sqrt(self._square_means.of(signal * signal)[:, 0], features[:, 0])
        used = signal[:, self._used]
        first_power = 1 + 2 * self._settings.spectral_peaks_count
        self._peaks.into(np.sqrt(self._squares(used)), features[:, 1:first_power])
        power = self._squares(used - self._used_means.of(used))
        power *= self._density
        self._bands.into(power, features[:, first_power:])

    def _squares(self, signal: FloatArray) -> FloatArray:
        """The squared magnitudes of the spectrum."""
        parts = self._rfft(signal, self._settings.fft_length).view(np.float32)
        parts *= parts
        squares: FloatArray = parts[:, ::2] + parts[:, 1::2]
        return squares


def _read_edges(text: str) -> list[float]:
    try:
        edges = [float(edge) for edge in text.split(",", _MOST_EDGES - 1)]
    except ValueError:
        edges = []
    if not edges or not all(abs(edge) <= _HIGHEST_EDGE for edge in edges):
        raise InvalidInputError(
            f"the field 'spectral_power_edges' of the spectral_analysis block is {text[:80]!r}, "
            f"expected frequencies in Hz between commas, at most {_MOST_EDGES}"
        )
    return edges
