"""Visual anomalies: a score for each cell of an image, by a GMM or by PatchCore."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import repeat
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from ..dsp.quantization import Dequantizer
from ..errors import InvalidInputError, ModelFormatError
from ..fields import Field, count, number, read_fields, whole
from ..results import BoundingBox, ResultParts, VisualAnomaly
from .base import COMMON_FIELDS, PostProcessor, StepContext, Tensors, find_tensor

__all__ = ["VisualAnomalyGrid"]

MOST_CELLS = 4096  # a side; networks give about 24

_FIELDS = {
    "grid_size_x": count(0, most=MOST_CELLS),
    "grid_size_y": count(0, most=MOST_CELLS),
    "input_block_id": count(0),
    "scale": number(1.0),
    "threshold": number(0.0),
    "zero_point": whole(0),
}
_IGNORED = (*COMMON_FIELDS, "object_detection_count")


class VisualAnomalyGrid(PostProcessor):
    """The cells whose score reaches the threshold, the largest score (at least 0) and the mean.

    ``grid_size_x`` is the number of columns, ``grid_size_y`` that of the rows; a cell covers the
    matching part of the image, cut to whole pixels.
    """

    threshold_type = "anomaly_gmm"
    _limits: ClassVar[Mapping[str, Field]] = {"min_anomaly_score": number(0.0)}

    def __init__(self, config: Mapping[str, Any], context: StepContext) -> None:
        fields = read_fields("visual_ad step", config, _FIELDS, _IGNORED)
        self._block_id: int = fields["input_block_id"]
        self._dequantizer = Dequantizer(fields["scale"], fields["zero_point"])
        columns, rows = fields["grid_size_x"], fields["grid_size_y"]
        if not columns or not rows or not context.width or not context.height:
            raise InvalidInputError(
                f"the visual_ad step has a grid of {columns}x{rows} cells on an image of "
                f"{context.width}x{context.height} pixels, expected at least 1 of each"
            )
        self._cells = columns * rows
        self._size = context.width // columns, context.height // rows
        self._x = np.tile(_starts(context.width, columns), rows)
        self._y = np.repeat(_starts(context.height, rows), columns)
        self._sums = np.empty(self._cells, np.float32)
        self._now = {"min_anomaly_score": fields["threshold"]}
        self._plan_limits()

    def __call__(self, tensors: Tensors) -> ResultParts:
        """See :meth:`PostProcessor.__call__`; gives ``visual_anomaly``."""
        tensor = find_tensor(tensors, self._block_id)
        scores = self._dequantizer.array(tensor).reshape(-1)[: self._cells]
        if len(scores) < self._cells:
            raise ModelFormatError(
                f"the tensor of block {self._block_id} has {len(scores)} values, but the grid has "
                f"{self._cells} cells; is it the right network file?"
            )
        with np.errstate(all="ignore"):  # scores may be infinite, or too large for their sum
            np.add.accumulate(scores, out=self._sums)  # the sum from left to right, as in the SDK
            mean = self._sums[-1] / np.float32(self._cells)
        largest = np.fmax.reduce(scores, initial=0)
        hot = (scores >= self._threshold).nonzero()[0]
        visual = VisualAnomaly(self._boxes(scores, hot), float(largest), float(mean))
        return {"visual_anomaly": visual}

    def _boxes(
        self, scores: npt.NDArray[np.float32], cells: npt.NDArray[np.intp]
    ) -> tuple[BoundingBox, ...]:
        values, x, y = (array[cells].tolist() for array in (scores, self._x, self._y))
        width, height = self._size
        return tuple(
            map(BoundingBox, repeat("anomaly"), values, x, y, repeat(width), repeat(height))
        )

    def _plan_limits(self) -> None:
        self._threshold = np.float32(self._now["min_anomaly_score"])


def _starts(pixels: int, cells: int) -> npt.NDArray[np.intp]:
    """Where cells begin; the width of a cell is rounded to float32 before it is multiplied."""
    step = np.float32(pixels) / np.float32(cells)
    starts: npt.NDArray[np.intp] = (np.arange(cells, dtype=np.float32) * step).astype(np.intp)
    return starts
