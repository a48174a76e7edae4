"""Tensors without a fixed meaning: all of them, as real numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ..dsp.quantization import Dequantizer
from ..fields import count, number, read_fields, whole
from ..results import ResultParts
from .base import COMMON_FIELDS, PostProcessor, StepContext, Tensors, find_tensor

__all__ = ["Freeform"]

_FIELDS = {"input_block_id": count(0), "scale": number(1.0), "zero_point": whole(0)}


class Freeform(PostProcessor):
    """All tensors of a block in order, float32, in their shapes.

    As in the SDK, one scale and zero point hold for all of them.
    """

    def __init__(self, config: Mapping[str, Any], context: StepContext) -> None:
        fields = read_fields("freeform step", config, _FIELDS, COMMON_FIELDS)
        self._block_id: int = fields["input_block_id"]
        self._dequantizer = Dequantizer(fields["scale"], fields["zero_point"])

    def __call__(self, tensors: Tensors) -> ResultParts:
        """See :meth:`PostProcessor.__call__`; gives ``freeform``."""
        found: list[npt.NDArray[np.float32]] = []
        tensor: npt.NDArray[Any] | None = find_tensor(tensors, self._block_id)
        while tensor is not None:
            found.append(self._dequantizer.array(tensor))
            tensor = tensors.get(self._block_id + len(found))
        return {"freeform": tuple(found)}
