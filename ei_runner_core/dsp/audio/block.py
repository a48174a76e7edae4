"""What the audio blocks have in common: from a window to a normalised matrix."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np

from ...contract import BlockContext
from ...errors import InvalidInputError, UnsupportedModelError
from ..block import Block, FloatArray, check_output
from .framing import Part, window_framing
from .preemphasis import Preemphasis
from .spectrum import PowerSpectrum

__all__ = ["LAST_VERSION", "AudioBlock", "check_version"]

LAST_VERSION = 4


def check_version(name: str, version: int) -> None:
    """Raise UnsupportedModelError unless the block has that version."""
    if not 1 <= version <= LAST_VERSION:
        raise UnsupportedModelError(
            f"version {version} of {name} is not known (1 to {LAST_VERSION}): update ei-runner"
        )


class AudioBlock(Block):
    """A block that makes a row of features of each frame of a signal with one axis.

    Args:
        name: of the block, for messages.
        fields: its checked config.
        context: what else it knows.
        columns: number of features of a frame.

    Raises:
        InvalidInputError: the signal has several axes or no rate, or the config is impossible.
    """

    def __init__(
        self, name: str, fields: Mapping[str, Any], context: BlockContext, columns: int
    ) -> None:
        if context.axis_count != 1:
            raise InvalidInputError(
                f"{name} takes a signal of one axis, got {context.axis_count}: choose one by axes"
            )
        rate = int(context.frequency)
        if rate < 1:
            raise InvalidInputError(
                f"{name} needs the frequency of the samples, at least 1 Hz, got {context.frequency}"
            )
        self._name = name
        self._outputs = context.n_outputs
        self._columns = columns
        self._preemphasis: Preemphasis | None = None
        self._spectrum = PowerSpectrum(fields["fft_length"])
        seconds = fields["frame_length"], fields["frame_stride"]
        self._framing = window_framing(context.version, *seconds, rate)

    @abstractmethod
    def _features(self, power: FloatArray) -> FloatArray:
        """A column of features for each column of powers, shape (columns, frames)."""

    @abstractmethod
    def _normalize(self, matrix: FloatArray, out: FloatArray) -> None:
        """Write the normalised rows of ``matrix``, shape (frames, columns), into ``out``."""

    def output_size(self, length: int) -> int:
        """The number of outputs that is declared, or frames times columns.

        Raises:
            InvalidInputError: the window is too short for a frame, or gives more than declared.
        """
        frames = self._count_frames(length)
        size = frames * self._columns
        if self._outputs is None:
            return size
        if size > self._outputs:
            raise InvalidInputError(
                f"{self._name} gives {size} features ({frames} frames of {self._columns}) for a "
                f"window of {length} values, but {self._outputs} outputs are declared"
            )
        return self._outputs

    def extract_into(self, window: FloatArray, out: FloatArray) -> None:
        """See :meth:`Block.extract_into`; outputs that no frame fills are 0."""
        check_output(out, self.output_size(window.size))
        frames = self._count_frames(window.size)
        with np.errstate(all="ignore"):  # what overflows is infinite in the SDK, too
            matrix = self._rows(Part(self._signal(window), self._framing, frames))
            self._normalize(matrix, out[: matrix.size].reshape(matrix.shape))
        out[matrix.size :] = 0

    def _signal(self, values: FloatArray) -> FloatArray:
        signal = np.ascontiguousarray(values, np.float32)
        return self._preemphasis(signal) if self._preemphasis else signal

    def _rows(self, part: Part) -> FloatArray:
        rows: FloatArray = self._features(self._power(part)).transpose()
        return rows

    def _power(self, part: Part) -> FloatArray:
        return self._spectrum(part.columns(self._spectrum.length))

    def _count_frames(self, length: int) -> int:
        frames = self._framing.count(length)
        if not frames:
            raise InvalidInputError(
                f"the window has {length} samples, {self._name} needs at least "
                f"{self._framing.shortest} for one frame of {self._framing.length}"
            )
        self._spectrum.check_size(frames)
        return frames
