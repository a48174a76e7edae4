"""Audio blocks on slices of a stream."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...contract import BlockContext
from ...errors import InvalidInputError, UnsupportedModelError
from ..block import FloatArray, check_output
from .block import LAST_VERSION, AudioBlock
from .framing import slice_framing, window_framing
from .streaming import Carry, RollingMatrix, cut_slice

__all__ = ["SlicedBlock"]


class SlicedBlock(AudioBlock):
    """An audio block that also takes a stream slice by slice.

    Each slice is emphasised on its own, its frames are appended to a rolling matrix, and a copy of
    that is normalised: frame by frame as in a whole window, but for the first samples of a slice.

    Args:
        name: as for :class:`AudioBlock`, like everything that is not listed here.
        fields: as for :class:`AudioBlock`.
        context: as for :class:`AudioBlock`.
        columns: as for :class:`AudioBlock`.
        first_version: the first version that can stream.
    """

    _counts_carried = False
    """Whether a slice may be shorter than a frame when enough was carried over."""

    def __init__(
        self,
        name: str,
        fields: Mapping[str, Any],
        context: BlockContext,
        columns: int,
        first_version: int = 2,
    ) -> None:
        super().__init__(name, fields, context, columns)
        self.can_stream = context.version >= first_version
        seconds_and_rate = fields["frame_length"], fields["frame_stride"], int(context.frequency)
        self._border = slice_framing(*seconds_and_rate)
        self._inner = window_framing(LAST_VERSION, *seconds_and_rate)
        self._rolling: RollingMatrix | None = None
        self.carry = Carry()
        """What a slice leaves for the next one; :class:`Carry` says how blocks share one."""

    @property
    def rolling(self) -> FloatArray:
        """The rows before their normalisation, shape (frames, columns): a read-only view."""
        rows: FloatArray = self._memory().rows.view()
        rows.flags.writeable = False
        return rows

    def extract_slice(self, piece: FloatArray) -> FloatArray:
        """See :meth:`Preprocessor.extract_slice`.

        Raises:
            UnsupportedModelError: version 1 of MFE or spectrogram, which fails in the SDK, too.
            InvalidInputError: the block does not know its number of outputs, the stride is longer
                than the frame, or the slice is too short for a frame.
        """
        self.push_slice(piece)
        out = np.empty(self._memory().rows.size, np.float32)
        self.features_into(out)
        return out

    def push_slice(self, piece: FloatArray) -> int:
        """Take in the frames of a slice, and leave their normalisation for later.

        Args:
            piece: as for :meth:`extract_slice`.

        Returns:
            how many features the slice gave.

        Raises:
            UnsupportedModelError: as for :meth:`extract_slice`.
            InvalidInputError: as for :meth:`extract_slice`; nothing has changed then.
        """
        if not self.can_stream:
            raise UnsupportedModelError(
                f"this version of {self._name} cannot work on slices, not even in the SDK: give it "
                "whole windows"
            )
        memory, border = self._memory(), self._border
        carried = self.carry.samples_for(border.length)
        self._check_slice(piece.size, carried.size)
        with np.errstate(all="ignore"):  # as for whole windows
            signal = np.concatenate((carried, self._signal(piece)))
            most = len(memory.rows)
            parts, left = cut_slice(signal, carried.size, border, self._inner, most)
            rows = [self._rows(part) for part in parts if part.frames]
        for matrix in rows:
            memory.append(matrix)
        self.carry.keep(signal[signal.size - left :], border.length)
        given = sum(matrix.size for matrix in rows)
        self.streamed += given
        return given

    def features_into(self, out: FloatArray) -> None:
        """The normalised features of the window that ends with the last slice.

        Args:
            out: float32, shape (n_outputs,), C-contiguous.
        """
        rows = self._memory().rows
        check_output(out, rows.size)
        with np.errstate(all="ignore"):
            self._normalize(rows, out.reshape(rows.shape))

    def reset(self) -> None:
        """Start the stream anew: ``streamed`` is 0, nothing is carried over."""
        self.streamed = 0
        self.carry.keep(np.empty(0, np.float32), 0)

    def _check_slice(self, new: int, carried: int) -> None:
        length, stride = self._border.length, self._border.stride
        if not 1 <= stride <= length:
            raise InvalidInputError(
                f"{self._name} cannot work on slices with frames of {length} samples every "
                f"{stride}: frame_stride must be from 1 sample to frame_length"
            )
        needed = length - carried if self._counts_carried else length
        if new < needed:
            raise InvalidInputError(
                f"the slice has {new} samples, {self._name} needs at least {needed}: use fewer "
                "slices in a window"
            )

    def _memory(self) -> RollingMatrix:
        if self._rolling is None:
            self._rolling = RollingMatrix(self._rolling_size(), self._columns)
        return self._rolling

    def _rolling_size(self) -> int:
        if self._outputs is None:
            raise InvalidInputError(
                f"{self._name} works on slices only when n_outputs, the number of features of a "
                "window, is known"
            )
        if self._outputs % self._columns:
            raise InvalidInputError(
                f"n_outputs is {self._outputs}, but {self._name} gives {self._columns} features "
                "a frame: expected a multiple of that"
            )
        return self._outputs
