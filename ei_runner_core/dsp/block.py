"""What the built-in blocks have in common."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
import numpy.typing as npt

from ..contract import Preprocessor
from ..errors import InvalidInputError

__all__ = ["IGNORED_FIELDS", "Block", "FloatArray", "as_window", "check_output", "sample_count"]

FloatArray = npt.NDArray[np.float32]

IGNORED_FIELDS = ("block_id", "implementation_version", "axes")
"""Fields that every config has in the SDK; here the caller of the block knows them."""


class Block(Preprocessor):
    """A block that writes its features into an array that it is given."""

    @abstractmethod
    def output_size(self, length: int) -> int:
        """How many features a window of ``length`` values gives.

        Raises:
            InvalidInputError: the length does not suit the block.
        """

    @abstractmethod
    def extract_into(self, window: FloatArray, out: FloatArray) -> None:
        """The features of one window, written into ``out``.

        Args:
            window: float32, shape (n,), C-contiguous.
            out: float32, shape (n_features,), C-contiguous.

        Raises:
            InvalidInputError: the length of one of them does not suit the block.
        """

    def consumed(self, length: int) -> int:
        """How many values of the window are left for the later blocks of an impulse.

        Nearly always ``length``; in the SDK a spectrogram cuts off what is behind its last frame.
        """
        return length

    def extract(self, window: FloatArray) -> FloatArray:
        """The features of one window, in a new array; see :meth:`Preprocessor.extract`."""
        out = np.empty(self.output_size(window.size), np.float32)
        self.extract_into(window, out)
        return out


def as_window(values: npt.ArrayLike) -> FloatArray:
    """One row of real numbers as a window: float32, shape (n,), C-contiguous.

    Raises:
        InvalidInputError: these are no real numbers, or not in one row.
    """
    try:
        array = np.asarray(values)
    except ValueError as error:  # rows of different lengths
        raise InvalidInputError(f"the window is not one row of numbers: {error}") from error
    if array.dtype.kind not in "fiub" or array.ndim != 1:
        raise InvalidInputError(
            f"the window is an array of {array.dtype} with the shape {array.shape}, expected one "
            "row of real numbers"
        )
    with np.errstate(over="ignore"):  # what is too large for float32 is infinite
        return np.ascontiguousarray(array, np.float32)


def sample_count(length: int, axis_count: int) -> int:
    """How many samples of so many axes a window of ``length`` values holds.

    Raises:
        InvalidInputError: none, or not a whole number of them.
    """
    samples, rest = divmod(length, axis_count)
    if rest or not samples:
        multiple = f"a multiple of {axis_count}, one value for each axis" if rest else "at least 1"
        raise InvalidInputError(f"the window has {length} values, expected {multiple}")
    return samples


def check_output(out: npt.NDArray[Any], expected: int) -> None:
    """Raise InvalidInputError unless ``out`` has room for exactly that many features."""
    if out.size != expected:
        raise InvalidInputError(
            f"the output array has room for {out.size} features, the window gives {expected}"
        )
