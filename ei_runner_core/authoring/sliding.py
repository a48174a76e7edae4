"""Whole windows out of a stream of slices."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["SlidingWindow"]

FloatArray = npt.NDArray[np.float32]


class SlidingWindow:
    """Keeps the newest values of a stream; the oldest leave as new ones come."""

    def __init__(self, length: int) -> None:
        self._window: FloatArray = np.zeros(length, np.float32)
        self._filled = 0

    def push(self, piece: FloatArray) -> FloatArray | None:
        """Add a slice.

        Returns:
            The newest window, valid until the next call, or ``None`` while too little was seen.
        """
        count = min(piece.size, self._window.size)
        self._window[: -count or None] = self._window[count:]
        self._window[-count:] = piece[-count:]
        self._filled = min(self._filled + count, self._window.size)
        return self._window if self._filled == self._window.size else None

    def reset(self) -> None:
        """Start anew."""
        self._filled = 0
