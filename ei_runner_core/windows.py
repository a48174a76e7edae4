"""Checking what users hand in, before anything reaches an engine."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from .errors import InvalidInputError

__all__ = ["WindowCheck", "window_check"]

Check = Callable[[Any], npt.NDArray[np.float32]]

_ARRAY = np.ndarray
_FLOAT32 = np.dtype(np.float32)
_CONTIGUOUS = (4,)  # bytes from one value to the next


def window_check(
    length: int, axes: int = 1, what: str = "features", *, finite: bool = True
) -> Check:
    """The check for windows of this length; a model without windows refuses them itself."""
    check = WindowCheck(length, axes, what)
    return (check if finite else check.form) if length else lambda values: values


class WindowCheck:
    """Turns one window into a contiguous, finite float32 array of a fixed length.

    An array that is one already is passed on as it is; nothing is copied.
    """

    __slots__ = ("_axes", "_length", "_shape", "_what")

    def __init__(self, length: int, axes: int = 1, what: str = "features") -> None:
        self._length = length
        self._shape = (length,)
        self._axes = axes
        self._what = what

    def __call__(self, values: Any) -> npt.NDArray[np.float32]:
        """Check and, where needed, convert.

        Args:
            values: numbers of any real dtype, shape (length,) or (length / axes, axes).

        Returns:
            float32, shape (length,), C-contiguous.

        Raises:
            InvalidInputError: wrong length, shape or dtype, NaN or infinity.
        """
        window = self.form(values)
        # One pass without a temporary: the sum of squares is finite unless a value is not (or is
        # beyond 1e19, which the exact check sorts out).
        if not math.isfinite(np.vdot(window, window)):
            self._check_finite(window)
        return window

    def form(self, values: Any) -> npt.NDArray[np.float32]:
        """Check and, where needed, convert, whatever the values are.

        Args:
            values: as for the call.

        Raises:
            InvalidInputError: wrong length, shape or dtype.
        """
        # Asked in the cheapest way; what else is as good, the conversion gives back as it is.
        if (
            type(values) is not _ARRAY
            or (values.dtype is not _FLOAT32 and values.dtype != _FLOAT32)
            or values.shape != self._shape
            or values.strides != _CONTIGUOUS
        ):
            return self._convert(values)
        return values

    def _convert(self, values: Any) -> npt.NDArray[np.float32]:
        array = self._as_numbers(values)
        if array.size != self._length:
            raise InvalidInputError(
                f"got {array.size} {self._what}, the model expects {self._length}"
                + self._composition()
                + self._advice(array)
            )
        if array.shape not in ((self._length,), (self._length // self._axes, self._axes)):
            raise InvalidInputError(
                f"got {self._what} of shape {array.shape}, the model expects ({self._length},)"
                + (f" or ({self._length // self._axes}, {self._axes})" if self._axes > 1 else "")
            )
        with np.errstate(over="ignore"):  # what is too large becomes infinite and is reported
            return np.ascontiguousarray(array.reshape(-1), dtype=np.float32)

    def _composition(self) -> str:
        if self._axes == 1:
            return ""
        return f" ({self._length // self._axes} samples of {self._axes} axes)"

    def _advice(self, array: npt.NDArray[Any]) -> str:
        if self._axes == 1 and array.ndim > 1 and array.dtype == np.uint8:
            return "; for an image call infer_image(), or pack it with ei_runner_core.images.pack()"
        if array.size < 2 * self._length:
            return ""
        return f"; cut what is longer into pieces of {self._length}, one call for each"

    def _as_numbers(self, values: Any) -> npt.NDArray[Any]:
        if np.ma.is_masked(values):
            raise InvalidInputError(
                f"the {self._what} have masked values; fill them before the inference, for example "
                "with values.filled(0)"
            )
        try:
            array = np.asarray(values)
        except (ValueError, TypeError, OverflowError) as error:
            raise InvalidInputError(
                f"the {self._what} are not an array of numbers: {error}; pass a flat sequence of "
                f"{self._length} numbers"
            ) from error
        if array.dtype.kind not in "fiub":
            raise InvalidInputError(
                f"the {self._what} have the dtype {array.dtype}, expected real numbers such as "
                "float32"
            )
        return array

    def _check_finite(self, values: npt.NDArray[np.float32]) -> None:
        wrong = np.flatnonzero(~np.isfinite(values))
        if wrong.size:
            first = int(wrong[0])
            raise InvalidInputError(
                f"{self._what}[{first}] is {values[first]} ({wrong.size} of {values.size} values "
                "are not finite float32 numbers); replace or drop them before the inference"
            )
