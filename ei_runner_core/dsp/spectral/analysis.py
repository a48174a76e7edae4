"""What the analyses of the block have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod

from ..block import FloatArray

__all__ = ["Analysis"]


class Analysis(ABC):
    """One way from the samples of all axes to features.

    ``feature_count`` is known from the settings alone; buffers are planned for one length of
    window, and again when it changes.
    """

    feature_count: int

    @abstractmethod
    def plan(self, samples: int) -> None:
        """Get ready for windows of so many samples.

        Raises:
            InvalidInputError: that is too few.
        """

    @abstractmethod
    def into(self, signal: FloatArray, out: FloatArray) -> None:
        """Analyse one window.

        Args:
            signal: float32, shape (axes, samples), C-contiguous; it may be overwritten.
            out: float32, shape (feature_count,), C-contiguous.
        """
