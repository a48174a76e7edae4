"""The discrete cosine transform of the logarithms of filter energies."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..._optional import need
from ...errors import InvalidInputError
from ..block import FloatArray
from .constant_spectrum import constant_spectrum

__all__ = ["CosineTransform"]


class CosineTransform:
    """The first coefficients of an orthonormal DCT-II along columns.

    It goes through a real FFT, as in the C++ SDK: a constant column then has exact zeros behind
    its first coefficient, which normalisation would blow up if they were only nearly zero.

    Args:
        length: of a column, even.
        coefficients: how many are kept, at most ``length``.

    Raises:
        InvalidInputError: there is no transform of that length.
        BackendUnavailableError: SciPy is missing.
    """

    def __init__(self, length: int, coefficients: int) -> None:
        if length % 2:
            raise InvalidInputError(
                f"num_filters is {length}, expected an even number: an odd one has no cosine "
                "transform here"
            )
        self._rfft = need("scipy.fft", "a cosine transform", "tensor").rfft
        self._order = np.concatenate((np.arange(0, length, 2), np.arange(length - 1, 0, -2)))
        index = np.arange(coefficients)
        # the upper half of a real spectrum is the lower one mirrored and conjugated
        self._bins = np.minimum(index, length - index)
        angles = (index * (np.pi / (2 * length))).astype(np.float32)[:, None]
        self._cosines, self._sines = np.cos(angles), np.sin(angles)
        self._sines[length // 2 + 1 :] *= -1
        self._scale = np.full((coefficients, 1), np.sqrt(2 / length), np.float32)
        self._scale[0] = np.sqrt(1 / length)

    def __call__(self, columns: FloatArray) -> FloatArray:
        """The coefficients, shape (coefficients, n), of columns, shape (length, n)."""
        return self._turned(self._rfft(columns.take(self._order, axis=0), axis=0))

    def of_constant(self, value: float) -> FloatArray:
        """The coefficients of one constant column, residues included, shape (coefficients, 1)."""
        return self._turned(constant_spectrum(self._order.size, value)[:, None])

    def _turned(self, spectrum: npt.NDArray[np.complex64]) -> FloatArray:
        spectrum = spectrum.take(self._bins, axis=0)
        result: FloatArray = spectrum.real * self._cosines
        result += spectrum.imag * self._sines
        result *= self._scale
        return result
