"""The block ``spectral_analysis``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...contract import BlockContext
from ...errors import InvalidInputError
from ..block import Block, FloatArray, check_output, sample_count
from .analysis import Analysis
from .fft import FftAnalysis
from .settings import Settings, read_settings
from .version1 import FirstVersion
from .wavelet import WaveletAnalysis

__all__ = ["SpectralAnalysis"]


class SpectralAnalysis(Block):
    """Frequencies and statistics of each axis, by FFT or by wavelets.

    ``analysis_type`` is ``"FFT"`` (default) or ``"Wavelet"``. Version 1 of the FFT gives RMS, peaks
    and power between edges; versions 2 and 3 give RMS, skewness, kurtosis and a max-hold spectrum;
    version 4 adds the shape of the spectrum, decimation and extra low frequencies. The wavelets are
    the same in all versions. Other defaults: no filter (cutoff 3 Hz, order 6), ``fft_length`` 16,
    3 peaks above 0.1, ``do_log`` and ``do_fft_overlap`` on, ``wavelet`` db4 of level 1.
    """

    def __init__(self, config: Mapping[str, Any], context: BlockContext) -> None:
        settings = read_settings(config, context)
        self._axes = settings.axes
        self._scale = np.float32(settings.scale_axes)
        self._analysis = _analysis(settings)
        self._signal: FloatArray = np.empty((self._axes, 0), np.float32)
        given, declared = self._analysis.feature_count, context.n_outputs
        if declared not in (None, given):
            raise InvalidInputError(
                f"the spectral_analysis block gives {given} features with this config, but "
                f"{declared} outputs are declared"
            )

    def output_size(self, length: int) -> int:
        """The same for all lengths of windows."""
        self._plan(sample_count(length, self._axes))
        return self._analysis.feature_count

    def extract_into(self, window: FloatArray, out: FloatArray) -> None:
        """See :meth:`Block.extract_into`."""
        check_output(out, self.output_size(window.size))
        with np.errstate(all="ignore"):  # what overflows is infinite in the SDK too
            np.multiply(window.reshape(-1, self._axes).T, self._scale, self._signal)
            self._analysis.into(self._signal, out)

    def _plan(self, samples: int) -> None:
        if samples != self._signal.shape[1]:
            self._analysis.plan(samples)
            self._signal = np.empty((self._axes, samples), np.float32)


def _analysis(settings: Settings) -> Analysis:
    if settings.analysis_type == "Wavelet":
        return WaveletAnalysis(settings)
    return FirstVersion(settings) if settings.version == 1 else FftAnalysis(settings)
