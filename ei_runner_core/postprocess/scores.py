"""Scores: which of them reach a threshold, and the functions that make them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..dsp.quantization import Dequantizer

__all__ = ["ScoreGate", "exp", "sigmoid"]

Mask = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float32]

PLANNED = (np.int8, np.uint8, np.int16, np.uint16)


class ScoreGate:
    """Tells which raw scores reach a threshold without turning all of them into real numbers.

    Real numbers grow with the raw ones, so what passes is one range of integers. Its ends are found
    by computing the real number of every integer there is.

    Args:
        dequantizer: from raw scores to real numbers.
        least: smallest real score that passes, as float32.
        most: largest one, likewise.
    """

    def __init__(self, dequantizer: Dequantizer, least: float, most: float) -> None:
        self._dequantizer = dequantizer
        self._ends = np.float32(least), np.float32(most)
        self._raw_ends = {np.dtype(dtype): self._plan(dtype) for dtype in PLANNED}

    def __call__(self, raw: npt.NDArray[Any]) -> Mask:
        """Which scores pass; NaN never does.

        Args:
            raw: scores of any shape, integers or real numbers.

        Returns:
            A mask of that shape.
        """
        ends = self._raw_ends.get(raw.dtype)
        if ends is None:
            return _within(self._dequantizer.array(raw), *self._ends)
        return _within(raw, *ends)

    def _plan(self, dtype: Any) -> tuple[Any, Any]:
        limits = np.iinfo(dtype)
        raw = np.arange(limits.min, limits.max + 1, dtype=np.int32).astype(dtype)
        passing = raw[_within(self._dequantizer.array(raw), *self._ends)]
        # where nothing passes, the range is an empty one
        return (passing[0], passing[-1]) if passing.size else (raw[-1], raw[0])


def _within(scores: npt.NDArray[Any], least: Any, most: Any) -> Mask:
    mask: Mask = scores >= least
    mask &= scores <= most
    return mask


def exp(values: FloatArray) -> FloatArray:
    """The exponential function, rounded to float32 once: NumPy's own float32 one is less exact."""
    exact: FloatArray = np.exp(values, dtype=np.float64).astype(np.float32)
    return exact


def sigmoid(values: FloatArray) -> FloatArray:
    """1 / (1 + exp(-x)), one float32 operation at a time."""
    scores: FloatArray = np.float32(1) / (np.float32(1) + exp(-values))
    return scores
