"""Fewer samples a second: an anti-aliasing filter, then every third or tenth sample."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._optional import need
from ..block import FloatArray

__all__ = ["Decimator"]

_STAGES = {3: (3,), 10: (10,), 30: (3, 10), 100: (10, 10), 1000: (10, 10, 10)}
_ORDER = 8
_RIPPLE_DB = 0.05


class Decimator:
    """Decimation as the SDK does it: its flaw in several stages is part of what models know.

    Each stage filters the whole row, as long as it was at first: the samples that are left of the
    stage before, and behind them what still stands there. So a ratio of 100 gives ``ceil(n / 10)``
    samples, of which the first ``ceil(n / 100)`` are what one would expect.

    Args:
        ratio: 3, 10, 30, 100 or 1000.
    """

    def __init__(self, ratio: int) -> None:
        signal = need("scipy.signal", "the decimation of spectral_analysis", "tensor")
        self._sosfilt = signal.sosfilt
        self._stages = [(factor, *_low_pass(signal, factor)) for factor in _STAGES[ratio]]

    def length(self, samples: int) -> int:
        """How many samples are left."""
        return -(-samples // self._stages[-1][0])

    def apply(self, signal: FloatArray) -> FloatArray:
        """Decimate along the last axis.

        Args:
            signal: float32, shape (axes, n); it is overwritten if there are several stages.

        Returns:
            float32, shape (axes, length(n)).
        """
        kept = signal
        for factor, sections, start in self._stages:
            if kept is not signal:
                signal[:, : kept.shape[1]] = kept
            state = start[:, None, :] * signal[:, :1]  # as if the first sample had always been
            kept = self._sosfilt(sections, signal, zi=state)[0][:, ::factor]
        return kept


def _low_pass(signal: Any, factor: int) -> tuple[FloatArray, FloatArray]:
    sections = signal.cheby1(_ORDER, _RIPPLE_DB, 0.8 / factor, output="sos")
    return sections.astype(np.float32), signal.sosfilt_zi(sections).astype(np.float32)
