"""All signal-processing blocks of an impulse as one step: window in, feature vector out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import cast

import numpy as np
import numpy.typing as npt

from .. import dsp
from ..contract import Preprocessor
from ..dsp.audio.slices import SlicedBlock
from ..dsp.block import Block
from ..dsp.image import Image
from ..errors import InvalidInputError, ModelFormatError
from ..impulse import DspBlock, Impulse, TimeSeriesInput

__all__ = ["FeatureStage"]

FloatArray = npt.NDArray[np.float32]
_Extract = Callable[[FloatArray, FloatArray], None]


class FeatureStage:
    """The features of all blocks, one after the other in one buffer that is used again.

    ``spans`` tells where the features of each block stand, by its id. Behind them there is room for
    what networks give to other networks.

    Args:
        impulse: whose blocks they are.
        kept: the ids of the learn blocks that others take in, with how many values they give.
    """

    def __init__(self, impulse: Impulse, kept: Mapping[int, int] | None = None) -> None:
        self.spans: dict[int, slice] = {}
        self.kept = frozenset(kept or ())
        sizes = {block.id: block.outputs for block in impulse.dsp} | dict(kept or {})
        end = 0
        for block_id, size in sizes.items():
            self.spans[block_id] = slice(end, end + size)
            end += size
        self.buffer: FloatArray = np.zeros(end, np.float32)
        self._size = sum(block.outputs for block in impulse.dsp)
        self._plans = tuple(_plan(block, impulse) for block in impulse.dsp)
        self._targets = tuple(self.buffer[self.spans[block.id]] for block in impulse.dsp)
        self._steps = tuple(self._windowed(impulse.window_length))
        self._scalers = tuple(self._scaler(block) for block in impulse.dsp if block.normalization)
        self.takes_images = all(isinstance(plan, Image) for plan in self._plans)
        self._sliced = tuple(
            (plan, out)
            for plan, out in zip(self._plans, self._targets, strict=True)
            if isinstance(plan, SlicedBlock)
        )
        self._share_carry()
        self._warm_up(impulse)
        self.can_stream = self._tried_slices(impulse)

    def run(self, window: FloatArray) -> None:
        """Fill the buffer with the features of a window."""
        for extract_into, out, seen in self._steps:
            extract_into(window if seen is None else window[:seen], out)
        self._normalize()

    def run_image(self, rgb: npt.NDArray[np.uint8]) -> None:
        """Fill the buffer with the features of an image; only where ``takes_images`` is true.

        Args:
            rgb: uint8, shape (height, width, 3), C-contiguous.
        """
        for plan, out in zip(self._plans, self._targets, strict=True):
            cast("Image", plan).extract_rgb_into(rgb, out)
        self._normalize()

    def run_slice(self, piece: FloatArray) -> bool:
        """Fill the buffer with the features of the window that ends with a slice.

        As in the SDK, features are not normalised here. Only where ``can_stream`` is true.

        Returns:
            Whether the slices so far make a whole window.
        """
        for plan, out in zip(self._plans, self._targets, strict=True):
            if isinstance(plan, SlicedBlock):
                plan.push_slice(piece)
            else:
                out[...] = plan.extract_slice(piece)
        if sum(plan.streamed for plan in self._plans) < self._size:
            return False
        for sliced, out in self._sliced:
            sliced.features_into(out)
        return True

    def positions(self, block_ids: Sequence[int]) -> npt.NDArray[np.intp]:
        """Where the features of some blocks stand in the buffer, one block after the other."""
        spans = (self.spans[block_id] for block_id in block_ids)
        return np.concatenate([np.arange(span.start, span.stop) for span in spans])

    def _normalize(self) -> None:
        if not self._scalers:
            return
        with np.errstate(over="ignore", invalid="ignore"):  # huge scales give infinity, as in C++
            for features, mean, scale in self._scalers:
                np.subtract(features, mean, out=features)
                np.multiply(features, scale, out=features)

    def reset(self) -> None:
        """Forget what earlier windows left in the blocks."""
        for plan in self._plans:
            plan.reset()

    def _windowed(self, length: int) -> Iterator[tuple[_Extract, FloatArray, int | None]]:
        """For each block its work, where its features go, and how much of the window it sees.

        A spectrogram cuts the window at its last whole frame, also for the blocks behind it: so
        does the SDK, with which networks were trained.
        """
        seen = length
        for plan, out in zip(self._plans, self._targets, strict=True):
            yield plan.extract_into, out, None if seen == length else seen
            seen = plan.consumed(seen) if isinstance(plan, Block) else seen

    def _scaler(self, block: DspBlock) -> tuple[FloatArray, FloatArray, FloatArray]:
        assert block.normalization is not None  # noqa: S101 - the caller filters
        return (
            self.buffer[self.spans[block.id]],
            np.asarray(block.normalization.mean, np.float32),
            np.asarray(block.normalization.scale, np.float32),
        )

    def _warm_up(self, impulse: Impulse) -> None:
        """Run once on silence: buffers get their size, and a wrong declaration shows now."""
        try:
            self.run(np.zeros(impulse.window_length, np.float32))
        except InvalidInputError as error:
            raise ModelFormatError(
                f"the DSP blocks of {impulse.name or 'the impulse'!r} contradict its input of "
                f"{impulse.window_length} values: {error}"
            ) from error
        self.reset()

    def _share_carry(self) -> None:
        """Let all blocks keep what is left of a slice in one place, as the SDK does.

        Two of them in one impulse mix what they carry, and networks are used to that.
        """
        for plan, _ in self._sliced:
            plan.carry = self._sliced[0][0].carry

    def _tried_slices(self, impulse: Impulse) -> bool:
        """Whether all blocks can work on the slices of this impulse.

        One whose frames are longer than a slice cannot; then the raw values slide.
        """
        series = impulse.input
        if not isinstance(series, TimeSeriesInput):
            return False
        if not self._plans or not all(plan.can_stream for plan in self._plans):
            return False
        length = series.samples // series.slices_per_window * len(series.axes)
        try:
            self.run_slice(np.zeros(length, np.float32))
        except InvalidInputError:
            return False
        finally:
            self.reset()
        return True


def _plan(block: DspBlock, impulse: Impulse) -> Preprocessor:
    series = impulse.input if isinstance(impulse.input, TimeSeriesInput) else None
    try:
        return dsp.create(
            block.type,
            block.config,
            version=block.version,
            frequency=series.frequency if series else 0.0,
            axes=block.axes,
            axis_count=len(series.axes) if series else 1,
            n_outputs=block.outputs,
        )
    except InvalidInputError as error:
        raise ModelFormatError(f"the DSP block {block.id} ({block.type}): {error}") from error
