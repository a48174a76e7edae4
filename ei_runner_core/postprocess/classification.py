"""One score for each label, and the regression models that give a single number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..dsp.quantization import Dequantizer
from ..errors import InvalidInputError, ModelFormatError
from ..fields import count, number, read_fields, whole
from ..results import ResultParts
from .base import COMMON_FIELDS, PostProcessor, StepContext, Tensors, find_tensor

__all__ = ["Classification", "Regression"]

_FIELDS = {"input_block_id": count(0), "scale": number(1.0), "zero_point": whole(0)}


class Classification(PostProcessor):
    """The scores of all labels, as the network gives them: no softmax, no threshold."""

    name = "classification"

    def __init__(self, config: Mapping[str, Any], context: StepContext) -> None:
        fields = read_fields(f"{self.name} step", config, _FIELDS, COMMON_FIELDS)
        self._block_id: int = fields["input_block_id"]
        self._dequantizer = Dequantizer(fields["scale"], fields["zero_point"])
        self._labels = self._choose_labels(context)
        self._count = len(self._labels)

    def __call__(self, tensors: Tensors) -> ResultParts:
        """See :meth:`PostProcessor.__call__`; gives ``classification``."""
        scores = self._dequantizer.floats(find_tensor(tensors, self._block_id))
        if len(scores) < self._count:
            raise ModelFormatError(
                f"the tensor of block {self._block_id} has {len(scores)} values, but the model has "
                f"{self._count} labels; is it the right network file?"
            )
        return {"classification": dict(zip(self._labels, scores, strict=False))}

    def _choose_labels(self, context: StepContext) -> tuple[str, ...]:
        if not context.labels:
            raise InvalidInputError("a classification needs labels, but the model has none")
        return context.labels


class Regression(Classification):
    """A single number, under the label ``"value"`` whatever labels the model has."""

    name = "regression"

    def _choose_labels(self, context: StepContext) -> tuple[str, ...]:
        return ("value",)
