"""What the config of the block says, checked before anything is planned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...contract import BlockContext
from ...errors import InvalidInputError, UnsupportedModelError
from ...fields import Field, choice, count, flag, number, read_fields
from ..block import IGNORED_FIELDS

__all__ = ["Settings", "read_settings"]

_LARGEST_FFT = 65_534
_MOST_BINS = 2**22  # of all axes: what is allocated
_LOWEST_FREQUENCY, _HIGHEST_FREQUENCY = 1e-6, 1e9
_RATIOS = (1, 3, 10, 30, 100, 1000)
_BLOCK = "spectral_analysis block"
_LATEST_VERSION = 4


def _to_text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError
    return value


def _to_ratio(value: Any) -> int:
    if isinstance(value, bool) or value not in _RATIOS:
        raise ValueError
    return int(value)


_FIELDS = {
    "scale_axes": number(1.0),
    "input_decimation_ratio": Field(1, f"one of {', '.join(map(str, _RATIOS))}", _to_ratio),
    "filter_type": choice("none", "low", "high"),
    "filter_cutoff": number(3.0),
    "filter_order": count(6, most=255),
    "analysis_type": choice("FFT", "Wavelet", ""),
    "fft_length": count(16, most=_LARGEST_FFT),
    "spectral_peaks_count": count(3, most=255),
    "spectral_peaks_threshold": number(0.1),
    "spectral_power_edges": Field("0.1, 0.5, 1.0, 2.0, 5.0", "a text of numbers", _to_text),
    "do_log": flag(default=True),
    "do_fft_overlap": flag(default=True),
    "wavelet_level": count(1, most=255),
    "wavelet": Field("db4", "the name of a wavelet", _to_text),
    "extra_low_freq": flag(default=False),
}


@dataclass(frozen=True)
class Settings:
    """The config's fields by their names in the SDK, and what the block's context adds."""

    version: int
    axes: int
    frequency: float
    scale_axes: float
    input_decimation_ratio: int
    filter_type: str
    filter_cutoff: float
    filter_order: int
    analysis_type: str
    fft_length: int
    spectral_peaks_count: int
    spectral_peaks_threshold: float
    spectral_power_edges: str
    do_log: bool
    do_fft_overlap: bool
    wavelet_level: int
    wavelet: str
    extra_low_freq: bool


def read_settings(config: Mapping[str, Any], context: BlockContext) -> Settings:
    """Read and check a config.

    Raises:
        UnsupportedModelError: there is no such version of the block.
        InvalidInputError: a field is unknown, or its value impossible.
    """
    version = context.version
    if not 1 <= version <= _LATEST_VERSION:
        raise UnsupportedModelError(
            f"version {version} of spectral_analysis is not known (1 to {_LATEST_VERSION})"
        )
    fields = read_fields(_BLOCK, config, _FIELDS, IGNORED_FIELDS)
    settings = Settings(version, context.axis_count, context.frequency, **fields)
    if not settings.analysis_type and version > 1:  # the first version came before the field
        raise InvalidInputError(
            f"the {_BLOCK} has no analysis_type, expected 'FFT' or 'Wavelet' in version {version}"
        )
    by_fft, filtered = settings.analysis_type != "Wavelet", settings.filter_type != "none"
    if by_fft:
        _check_fft_length(settings)
    if filtered or (by_fft and version == 1):
        _check_frequency(settings.frequency)
    if filtered and settings.filter_cutoff < 0:
        raise InvalidInputError(
            f"the field 'filter_cutoff' of the {_BLOCK} is {settings.filter_cutoff:g}, expected a "
            "frequency of at least 0 Hz"
        )
    return settings


def _check_fft_length(settings: Settings) -> None:
    length = settings.fft_length
    if length % 2 or not length:
        raise InvalidInputError(
            f"the field 'fft_length' of the {_BLOCK} is {length}, expected an even number from 2 "
            f"to {_LARGEST_FFT}"
        )
    if length * settings.axes > _MOST_BINS:
        raise InvalidInputError(
            f"the {_BLOCK} has {settings.axes} axes and an 'fft_length' of {length}, expected at "
            f"most {_MOST_BINS} for their product"
        )


def _check_frequency(frequency: float) -> None:
    if not _LOWEST_FREQUENCY <= frequency <= _HIGHEST_FREQUENCY:
        raise InvalidInputError(
            f"the sampling frequency is {frequency:g} Hz, but the {_BLOCK} needs one from "
            f"{_LOWEST_FREQUENCY:g} to {_HIGHEST_FREQUENCY:g} Hz"
        )
