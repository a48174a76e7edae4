"""Signal-processing blocks: what a plugin implements, and what it knows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["BlockContext", "Preprocessor"]


class BlockContext(Struct, frozen=True):
    """What a signal-processing block knows besides its config.

    ``frequency`` is in Hz, ``axis_count`` the number of interleaved axes in the windows that the
    block gets, ``n_outputs`` the number of features that the impulse declares for it, if it does.
    """

    version: int = 1
    frequency: float = 0.0
    axis_count: int = 1
    n_outputs: int | None = None


class Preprocessor(ABC):
    """A planned signal-processing block: everything that does not depend on the data is ready."""

    @abstractmethod
    def extract(self, window: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """The features of one window.

        Args:
            window: float32, shape (n,), the block's axes interleaved; it is only read.

        Returns:
            float32, shape (n_features,); a new array that belongs to the caller.

        Raises:
            InvalidInputError: the window's length does not suit the block.
        """

    def extract_into(self, window: npt.NDArray[np.float32], out: npt.NDArray[np.float32]) -> None:
        """Like :meth:`extract`, into ``out``; blocks that can save the copy override it.

        Raises:
            InvalidInputError: ``out`` has not the size of the features.
        """
        features = self.extract(window)
        if features.size != out.size:
            from ..errors import InvalidInputError

            raise InvalidInputError(
                f"{type(self).__name__} gives {features.size} features for a window of "
                f"{window.size} values, but there is room for {out.size}"
            )
        out[:] = features

    def extract_slice(self, piece: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """The features of the window that ends with this slice, for blocks that can stream.

        Args:
            piece: float32, shape (n,): the newest values of the stream; it is only read.

        Returns:
            float32, shape (n_features,), as long as those of a window; a new array. What no slice
            has reached yet is computed from zeros: ``streamed`` tells how much there is.

        Raises:
            UnsupportedModelError: the block needs whole windows.
            InvalidInputError: the length of the slice does not suit the block.
        """
        from ..errors import UnsupportedModelError

        raise UnsupportedModelError(
            f"{type(self).__name__} needs whole windows: it cannot work on slices"
        )

    can_stream: bool = False
    """Whether :meth:`extract_slice` works; if not, a stream is cut into whole windows."""

    streamed: int = 0
    """How many features the slices have given since the last reset."""

    def reset(self) -> None:  # noqa: B027 - most blocks remember nothing
        """Forget what earlier windows and slices left behind."""
