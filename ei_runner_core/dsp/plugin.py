"""The built-in signal-processing blocks, registered through the hook that plugins use too."""

from __future__ import annotations

from ..contract import PreprocessorSpec
from ..hookspecs import hookimpl

__all__ = ["BUILT_IN", "ei_runner_preprocessors"]

BUILT_IN = (
    PreprocessorSpec(
        "flatten",
        "ei_runner_core.dsp.flatten:Flatten",
        summary="mean, extremes, RMS, deviation, skewness and kurtosis of each axis",
    ),
    PreprocessorSpec(
        "image",
        "ei_runner_core.dsp.image:Image",
        summary="pixels as RGB or grey levels from 0 to 1",
    ),
    PreprocessorSpec(
        "mfcc",
        "ei_runner_core.dsp.audio.mfcc:Mfcc",
        summary="cepstral coefficients of audio, for speech",
    ),
    PreprocessorSpec(
        "mfe",
        "ei_runner_core.dsp.audio.mfe:Mfe",
        summary="energies of mel filters of audio",
    ),
    PreprocessorSpec(
        "raw",
        "ei_runner_core.dsp.raw:Raw",
        summary="the values themselves, scaled",
    ),
    PreprocessorSpec(
        "spectral_analysis",
        "ei_runner_core.dsp.spectral.block:SpectralAnalysis",
        summary="frequencies and statistics of each axis, by FFT or wavelets",
    ),
    PreprocessorSpec(
        "spectrogram",
        "ei_runner_core.dsp.audio.spectrogram:Spectrogram",
        summary="the power of each frequency over time",
    ),
)


@hookimpl
def ei_runner_preprocessors() -> tuple[PreprocessorSpec, ...]:
    """The blocks that come with the core."""
    return BUILT_IN
