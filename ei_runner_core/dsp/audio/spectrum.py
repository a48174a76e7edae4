"""The power spectrum of many frames at once."""

from __future__ import annotations

import numpy as np

from ..._optional import need
from ...errors import InvalidInputError
from ..block import FloatArray

__all__ = ["MAX_FFT_LENGTH", "PowerSpectrum", "replace_zeros"]

MAX_FFT_LENGTH = 2**16
_MAX_VALUES = 2**25
_ALMOST_ZERO = np.float32(1e-10)


class PowerSpectrum:
    """|X[k]|^2 / n for k = 0..n/2, of frames that are cut or padded with zeros to n samples.

    Args:
        fft_length: n, even.

    Raises:
        InvalidInputError: there is no transform of that length.
        BackendUnavailableError: SciPy is missing.
    """

    def __init__(self, fft_length: int) -> None:
        if fft_length < 2 or fft_length % 2:
            raise InvalidInputError(
                f"fft_length is {fft_length}, expected an even number of at least 2"
            )
        self._rfft = need("scipy.fft", "a spectrum", "tensor").rfft
        self.length = fft_length
        self._scale = 1.0 / fft_length
        is_power_of_two = fft_length & (fft_length - 1) == 0
        # float64 is what the SDK scales in; for a power of two nothing is rounded anyway
        self._precision = np.float32 if is_power_of_two else np.float64
        self.bins = fft_length // 2 + 1

    def __call__(self, frames: FloatArray) -> FloatArray:
        """The powers, shape (bins, frames), in a new C-contiguous array.

        Args:
            frames: float32, shape (samples, frames), one column a frame; any strides.

        Raises:
            InvalidInputError: there are absurdly many frames.
        """
        self.check_size(frames.shape[1])
        spectrum = self._rfft(frames, self.length, axis=0)
        parts = spectrum.view(np.float32).reshape(self.bins, -1, 2)
        np.multiply(parts, parts, parts)
        power: FloatArray = np.add(parts[:, :, 0], parts[:, :, 1])
        # the SDK squares a rounded magnitude, and so do we
        np.sqrt(power, power)
        np.multiply(power, power, power)
        scale, precision = self._scale, self._precision
        return np.multiply(power, scale, power, dtype=precision, casting="same_kind")

    def check_size(self, frames: int) -> None:
        """Raise InvalidInputError when so many frames would take absurdly much memory."""
        if frames * self.length > _MAX_VALUES:
            raise InvalidInputError(
                f"{frames} frames of fft_length {self.length} are too many: shorten the window, "
                "or lengthen frame_stride"
            )


def replace_zeros(values: FloatArray) -> FloatArray:
    """Make exact zeros 1e-10, in place, so that they have a logarithm; returns ``values``."""
    np.copyto(values, _ALMOST_ZERO, where=values == 0)
    return values
