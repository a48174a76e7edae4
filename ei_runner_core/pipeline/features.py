"""All signal-processing blocks of an impulse as one step: window in, feature vector out."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .. import dsp
from ..contract import Preprocessor
from ..errors import InvalidInputError, ModelFormatError
from ..impulse import DspBlock, Impulse, TimeSeriesInput

__all__ = ["FeatureStage"]

FloatArray = npt.NDArray[np.float32]


class FeatureStage:
    """The features of all blocks, one after the other in one buffer that is used again.

    ``spans`` tells where the features of each block stand, by its id.
    """

    def __init__(self, impulse: Impulse) -> None:
        self.spans: dict[int, slice] = {}
        end = 0
        for block in impulse.dsp:
            self.spans[block.id] = slice(end, end + block.outputs)
            end += block.outputs
        self.buffer: FloatArray = np.zeros(end, np.float32)
        self._plans = tuple(_plan(block, impulse) for block in impulse.dsp)
        self._steps = tuple(
            (plan.extract_into, self.buffer[self.spans[block.id]])
            for plan, block in zip(self._plans, impulse.dsp, strict=True)
        )
        self._scalers = tuple(self._scaler(block) for block in impulse.dsp if block.normalization)
        self._warm_up(impulse)

    def run(self, window: FloatArray) -> None:
        """Fill the buffer with the features of a window."""
        for extract_into, out in self._steps:
            extract_into(window, out)
        for features, mean, scale in self._scalers:
            np.subtract(features, mean, out=features)
            np.multiply(features, scale, out=features)

    def reset(self) -> None:
        """Forget what earlier windows left in the blocks."""
        for plan in self._plans:
            plan.reset()

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
