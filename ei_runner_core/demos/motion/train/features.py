"""What the spectral analysis makes of a window."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ei_runner_core import dsp

from .recordings import AXES, RATE

__all__ = ["CONFIG", "VERSION", "features"]

VERSION = 4
CONFIG: dict[str, bool | int | float | str | None] = {
    "scale_axes": 1.0,
    "input_decimation_ratio": 1,
    "filter_type": "none",
    "analysis_type": "FFT",
    "fft_length": 16,
    "do_log": True,
    "do_fft_overlap": True,
    "extra_low_freq": False,
}


def features(windows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The features of windows of shape (n, 50, 6), axis by axis; shape (n, 78)."""
    block = dsp.create(
        "spectral_analysis", CONFIG, version=VERSION, frequency=RATE, axis_count=len(AXES)
    )
    return np.stack([block.extract(window.ravel()) for window in windows])
