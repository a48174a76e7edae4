"""What all object detectors have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from ..dsp.quantization import Dequantizer
from ..errors import InvalidInputError, ModelFormatError
from ..fields import (
    MAX_FLOAT32,
    Field,
    count,
    number,
    optional,
    read_fields,
    record,
    records,
    whole,
)
from ..results import BoundingBox, ResultParts
from .base import COMMON_FIELDS, PostProcessor, StepContext, Tensors, find_tensor
from .boxes import Picture
from .scores import ScoreGate

__all__ = ["ANY_SCORE", "Detector"]

RawArray = npt.NDArray[Any]
FloatArray = npt.NDArray[np.float32]

ANY_SCORE = MAX_FLOAT32
"""For scores that count however large they are, as long as they are finite."""

_FIELDS: Mapping[str, Field] = {
    "input_block_id": count(0),
    "nms_config": record(
        "nms_config", {"confidence_threshold": number(0.0), "iou_threshold": number(0.2)}
    ),
    "object_detection_count": count(10, most=65535),
    "output_features_count": count(0),
    "output_tensors": records(
        "entry of output_tensors",
        {
            "block_id": optional(count(0)),
            "scale": optional(number(1.0)),
            "zero_point": optional(whole(0)),
        },
        ignored=("name", "dtype", "shape"),
    ),
    "scale": number(1.0),
    "threshold": number(0.5),
    "version": whole(0),
    "zero_point": whole(0),
}


class Detector(PostProcessor):
    """Boxes from the tensors of a network. A score counts from the threshold up to ``_most``.

    Where integers hold the scores, they are compared as they are, and only what passes is turned
    into real numbers.
    """

    threshold_type = "object_detection"
    name: ClassVar[str]
    _limits: ClassVar[Mapping[str, Field]] = {"min_score": number(0.5)}
    _own_fields: ClassVar[Mapping[str, Field]] = {}
    _most: ClassVar[float] = 1.0
    _scores_tensor: ClassVar[int] = 0

    def __init__(self, config: Mapping[str, Any], context: StepContext) -> None:
        fields = read_fields(
            f"{self.name} step", config, {**_FIELDS, **self._own_fields}, COMMON_FIELDS
        )
        if not context.labels or context.width < 1 or context.height < 1:
            raise InvalidInputError(
                f"the {self.name} step needs labels and an image, got {len(context.labels)} labels "
                f"and {context.width}x{context.height} pixels"
            )
        self._block_id: int = fields["input_block_id"]
        self._feature_count: int = fields["output_features_count"]
        self._common = Dequantizer(fields["scale"], fields["zero_point"])
        self._special = dict(_special_dequantizers(fields))
        self._width, self._height = context.width, context.height
        self._class_count = len(context.labels)
        self._ends = np.array([context.height, context.width] * 2, np.float32)
        self._picture = Picture(
            self._ends,
            context.labels,
            np.float32(fields["nms_config"]["confidence_threshold"]),
            np.float32(fields["nms_config"]["iou_threshold"]),
            fields["object_detection_count"],
        )
        self._plan(fields)
        self._now = {"min_score": fields["threshold"]}
        self._plan_limits()

    def __call__(self, tensors: Tensors) -> ResultParts:
        """See :meth:`PostProcessor.__call__`; gives ``bounding_boxes``."""
        with np.errstate(all="ignore"):  # what is not finite is left out in the end
            return {"bounding_boxes": self._detect(tensors)}

    @abstractmethod
    def _detect(self, tensors: Tensors) -> tuple[BoundingBox, ...]:
        """The boxes of one inference, in the order in which the SDK reports them."""

    def _plan(self, fields: Mapping[str, Any]) -> None:
        """Prepare what does not depend on the tensors."""

    def _plan_limits(self) -> None:
        dequantizer = self._dequantizer(self._scores_tensor)
        self._passes = ScoreGate(dequantizer, self._now["min_score"], self._most)

    def _dequantizer(self, output: int) -> Dequantizer:
        return self._special.get(output, self._common)

    def _real(self, raw: RawArray, output: int = 0) -> FloatArray:
        """Real numbers of a part of output ``output`` of the block."""
        return self._dequantizer(output).array(raw)

    def _rows(self, tensors: Tensors, columns: int, output: int = 0) -> RawArray:
        """Output ``output`` of the block as rows of so many columns."""
        tensor = find_tensor(tensors, self._block_id, output)
        if tensor.size % columns or tensor.shape[-1:] not in ((columns,), (tensor.size,)):
            raise self._misfit(tensor, output, f"rows of {columns} values")
        return tensor.reshape(-1, columns)

    def _first_rows(self, tensors: Tensors, columns: int) -> RawArray:
        """Those rows of the first output that ``output_features_count`` announces."""
        rows = self._rows(tensors, columns)
        if rows.size < self._feature_count:
            raise self._misfit(rows, 0, f"{self._feature_count} values")
        return rows[: self._feature_count // columns] if self._feature_count else rows

    def _known(self, classes: RawArray) -> npt.NDArray[np.bool_]:
        """Which class indices have a label once their fractions are cut."""
        return (classes > -1) & (classes < self._class_count)

    def _misfit(self, tensor: RawArray, output: int, expected: str) -> ModelFormatError:
        return ModelFormatError(
            f"the tensor of block {self._block_id + output} has the shape {tensor.shape}, but "
            f"{self.name} with {self._class_count} labels expects {expected}; is it the right "
            "network file?"
        )


def _special_dequantizers(fields: Mapping[str, Any]) -> Iterator[tuple[int, Dequantizer]]:
    """Those of tensors with a quantisation of their own, by the number of the output."""
    for position, tensor in enumerate(fields["output_tensors"]):
        if tensor["scale"] is None and tensor["zero_point"] is None:
            continue
        block_id = tensor["block_id"]
        output = position if block_id is None else block_id - fields["input_block_id"]
        scale, zero_point = (
            fields[name] if tensor[name] is None else tensor[name]
            for name in ("scale", "zero_point")
        )
        yield output, Dequantizer(scale, zero_point)
