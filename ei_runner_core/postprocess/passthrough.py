"""Networks whose output is the answer as it is: a score of anomaly, a regression, classes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..dsp.quantization import Dequantizer
from ..errors import ModelFormatError
from ..fields import count, number, read_fields, whole
from ..results import ResultParts
from .base import COMMON_FIELDS, PostProcessor, StepContext, Tensors, find_tensor
from .classification import Classification, Regression
from .freeform import Freeform

__all__ = ["Anomaly", "Passthrough"]

_FIELDS = {"input_block_id": count(0), "scale": number(1.0), "zero_point": whole(0)}
_TYPE = re.compile(r"_(f32|i8|u8)$")


class Anomaly(PostProcessor):
    """The first value of the tensor is the score: that of a GMM or of a custom block."""

    def __init__(self, config: Mapping[str, Any], context: StepContext) -> None:
        fields = read_fields("anomaly step", config, _FIELDS, COMMON_FIELDS)
        self._block_id: int = fields["input_block_id"]
        self._dequantizer = Dequantizer(fields["scale"], fields["zero_point"])

    def __call__(self, tensors: Tensors) -> ResultParts:
        """See :meth:`PostProcessor.__call__`; gives ``anomaly``."""
        tensor = find_tensor(tensors, self._block_id)
        if not tensor.size:
            raise ModelFormatError(
                f"the tensor of block {self._block_id} is empty, expected a score of anomaly; is "
                "it the right network file?"
            )
        return {"anomaly": self._dequantizer.floats(tensor.reshape(-1)[:1])[0]}


class Passthrough(PostProcessor):
    """Whatever the SDK's function of that name passes through: ``postprocess_fn`` tells."""

    def __init__(self, config: Mapping[str, Any], context: StepContext) -> None:
        decoder = _DECODERS.get(_function(config), Classification if context.labels else Regression)
        self._step = decoder(config, context)

    def __call__(self, tensors: Tensors) -> ResultParts:
        """See :meth:`PostProcessor.__call__`; gives ``anomaly``, ``freeform`` or classes."""
        return self._step(tensors)


_DECODERS: dict[str, type[Anomaly | Classification | Freeform]] = {
    "process_anomaly": Anomaly,
    "process_freeform": Freeform,
}


def _function(config: Any) -> str:
    """The name of the SDK's function without the type of the tensor."""
    name = config.get("postprocess_fn", "") if isinstance(config, Mapping) else ""
    return _TYPE.sub("", str(name))
