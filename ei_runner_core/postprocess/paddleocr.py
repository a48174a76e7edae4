"""The text detector of PaddleOCR: a map of how probably each pixel belongs to text."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import repeat
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from .._optional import need
from ..dsp.quantization import Dequantizer
from ..errors import InvalidInputError, ModelFormatError
from ..fields import Field, count, number, read_fields, whole
from ..results import BoundingBox, ResultParts
from .base import COMMON_FIELDS, PostProcessor, StepContext, Tensors, find_tensor
from .ordering import introsort_order
from .scores import ScoreGate

__all__ = ["PaddleOcr"]

RawArray = npt.NDArray[Any]
FloatArray = npt.NDArray[np.float32]
Indices = npt.NDArray[np.intp]


def _to_ratio(value: Any) -> float:
    ratio: float = number(0.0).convert(value)
    if ratio < 0:
        raise ValueError
    return ratio


_LIMITS = {
    "min_score_box": number(0.6),
    "min_score_pixel": number(0.3),
    "unclip_ratio": Field(1.5, "a finite number of at least 0", _to_ratio),
}
_FIELDS: Mapping[str, Field] = {
    "input_block_id": count(0),
    "scale": number(1.0),
    "zero_point": whole(0),
    **_LIMITS,
}
_IGNORED = (*COMMON_FIELDS, "nms_config", "object_detection_count")


class PaddleOcr(PostProcessor):
    """The rectangles around connected pixels of text, grown at all sides, the best first.

    Args:
        config: ``min_score_pixel``, from which probability on a pixel is text; ``min_score_box``,
            the least mean of a rectangle; ``unclip_ratio``, how much it grows: by that part of its
            area over its perimeter. The score of a box is the mean before it grows.
        context: the image has one pixel for each value of the tensor; all boxes get the first
            label.

    Raises:
        BackendUnavailableError: SciPy is missing.
    """

    threshold_type = "object_detection"
    _limits: ClassVar[Mapping[str, Field]] = _LIMITS

    def __init__(self, config: Mapping[str, Any], context: StepContext) -> None:
        fields = read_fields("paddleocr step", config, _FIELDS, _IGNORED)
        if not context.labels or context.width < 1 or context.height < 1:
            raise InvalidInputError(
                f"the paddleocr step needs a label and an image, got {len(context.labels)} labels "
                f"and {context.width}x{context.height} pixels"
            )
        self._block_id: int = fields["input_block_id"]
        self._shape = context.height, context.width
        self._label = context.labels[0]
        self._dequantizer = Dequantizer(fields["scale"], fields["zero_point"])
        self._image: Any = need("scipy.ndimage", "text detection", "tensor")
        self._now = {name: fields[name] for name in _LIMITS}
        self._plan_limits()

    def __call__(self, tensors: Tensors) -> ResultParts:
        """See :meth:`PostProcessor.__call__`; gives ``bounding_boxes``."""
        tensor = find_tensor(tensors, self._block_id)
        height, width = self._shape
        if tensor.size != width * height:
            raise ModelFormatError(
                f"the tensor of block {self._block_id} has {tensor.size} values, but the image has "
                f"{width}x{height} pixels; is it the right network file?"
            )
        pixels = tensor.reshape(self._shape)
        regions, found = self._image.label(self._is_text(pixels))
        if not found:
            return {"bounding_boxes": ()}
        with np.errstate(all="ignore"):  # tensors may hold anything, ratios may be huge
            return {"bounding_boxes": self._boxes(pixels, self._image.find_objects(regions))}

    def _boxes(
        self, pixels: RawArray, regions: list[tuple[slice, slice]]
    ) -> tuple[BoundingBox, ...]:
        means = np.array([self._mean(pixels[region]) for region in regions], np.float32)
        kept = (means >= self._min_score_box).nonzero()[0]
        best = kept[introsort_order(means[kept])]
        edges = [(y.start, x.start, y.stop, x.stop) for y, x in regions]
        first, last = np.hsplit(self._grown(np.array(edges)[best]), 2)
        y, x = first.T.tolist()
        height, width = (last - first).T.tolist()
        values = means[best].tolist()
        return tuple(map(BoundingBox, repeat(self._label), values, x, y, width, height))

    def _mean(self, pixels: RawArray) -> Any:
        # the sum from left to right and row by row, as in the SDK
        sums = np.add.accumulate(self._dequantizer.array(pixels).ravel())
        return sums[-1] / np.float32(sums.size)

    def _grown(self, edges: Indices) -> Indices:
        first, last = np.hsplit(edges, 2)
        size = last - first
        area = size.prod(axis=1).astype(np.float32)
        perimeter = (2 * size.sum(axis=1)).astype(np.float32)
        growth = np.clip(area * self._unclip_ratio / perimeter, 0, sum(self._shape))
        by = growth.astype(np.intp)[:, None]
        return np.concatenate(
            [np.maximum(first - by, 0), np.minimum(last + by, self._shape)], axis=1
        )

    def _plan_limits(self) -> None:
        self._is_text = ScoreGate(self._dequantizer, self._now["min_score_pixel"], np.inf)
        self._min_score_box = np.float32(self._now["min_score_box"])
        self._unclip_ratio = np.float32(self._now["unclip_ratio"])
