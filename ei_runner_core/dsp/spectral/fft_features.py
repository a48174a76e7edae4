"""Statistics and spectrum of one signal: the features of the versions 2 to 4."""

from __future__ import annotations

import numpy as np

from ..._optional import need
from ..block import FloatArray
from ..logarithms import cheap_log10
from ..moments import PowerMeans, RowMeans, kurtosis, skewness
from .maxhold import MaxHoldSpectrum
from .settings import Settings

__all__ = ["FftFeatures"]

_NEARLY_ZERO = np.float32(1e-10)


class FftFeatures:
    """For each axis: RMS, skewness, kurtosis and the max-hold spectrum.

    Version 4 adds the skewness and the kurtosis of the spectrum. :attr:`size` is the number of
    features of one axis.

    Args:
        settings: of the block.
        frequency: of the samples in this signal, in Hz.
    """

    def __init__(self, settings: Settings, frequency: float) -> None:
        self._settings = settings
        self._rfft = need("scipy.fft", "spectral_analysis", "tensor").rfft
        self._bins = _bins(settings, frequency)
        self._statistics = 5 if settings.version == 4 else 3
        self.size = self._statistics + self._bins.stop - self._bins.start
        bins = settings.fft_length // 2 + 1
        self._bin_means = RowMeans((settings.axes, bins))
        self._bin_powers = PowerMeans((settings.axes, bins))

    def plan(self, samples: int) -> None:
        """Get ready for signals of so many samples."""
        settings = self._settings
        self._spectrum = MaxHoldSpectrum(
            self._rfft, settings.axes, samples, settings.fft_length, settings.do_fft_overlap
        )
        self._means = RowMeans((settings.axes, samples))
        self._powers = PowerMeans((settings.axes, samples), from_cubes=True)

    def into(self, signal: FloatArray, out: FloatArray) -> None:
        """Compute the features.

        Args:
            signal: float32, shape (axes, samples).
            out: float32, shape (axes, size).
        """
        centered = self._spectrum.signal
        np.subtract(signal, self._means.of(signal), centered)
        _shape_into(self._powers.of(centered), out)
        power = self._spectrum.compute()
        if self._statistics == 5:
            self._spectrum_shape_into(power, out)
        kept, levels = power[:, self._bins], out[:, self._statistics :]
        if not self._settings.do_log:
            levels[...] = kept
            return
        np.copyto(kept, _NEARLY_ZERO, where=kept == 0)
        cheap_log10(kept, levels)

    def _spectrum_shape_into(self, power: FloatArray, out: FloatArray) -> None:
        deviations = power - self._bin_means.of(power)
        second, third, fourth = self._bin_powers.of(deviations)
        skewness(second, third, out[:, 3])
        kurtosis(second, fourth, out[:, 4])


def _shape_into(means: FloatArray, out: FloatArray) -> None:
    square, cube, fourth = means
    rms = np.sqrt(square, out[:, 0])
    scale = np.where(rms == 0, _NEARLY_ZERO, rms)
    np.divide(cube, scale * scale * scale, out[:, 1])
    np.divide(fourth, scale * scale * scale * scale, out[:, 2])
    out[:, 2] -= np.float32(3)


def _bins(settings: Settings, frequency: float) -> slice:
    """The bins that the filter lets through; the first one, the mean, never counts."""
    last = settings.fft_length // 2
    if settings.filter_type == "none":
        return slice(1, last + 1)
    rate, cutoff = np.float32(frequency), np.float32(settings.filter_cutoff)
    edge = min(cutoff, rate / np.float32(2)) * np.float32(settings.fft_length) / rate
    half = np.float32(0.5)
    if settings.filter_type == "low":
        return slice(1, int(edge + half) + 1)
    return slice(max(1, int(edge - half) + 1), last + 1)
