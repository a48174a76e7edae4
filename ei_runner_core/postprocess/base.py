"""What all post-processing steps have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import InvalidInputError, ModelFormatError
from ..results import ResultParts
from .thresholds import Adjustable

__all__ = ["COMMON_FIELDS", "PostProcessor", "StepContext", "Tensors", "find_tensor"]

Tensors = Mapping[int, npt.NDArray[Any]]

COMMON_FIELDS = (
    "block_id",
    "categories",
    "events",
    "frames",
    "implementation_version",
    "input_height",
    "input_width",
    "interval_ms",
    "label_count",
    "object_counting",
    "object_tracking",
    "output_features_count",
    "output_tensors",
    "performance_calibration",
    "postprocess_fn",
    "sensor",
    "slice_size",
    "version",
)
"""Fields that describe a step in the SDK's own terms; a step may read them or not."""


@dataclass(frozen=True)
class StepContext:
    """What a step knows besides its config: the model's input in pixels, and its labels."""

    width: int = 0
    height: int = 0
    labels: tuple[str, ...] = ()


class PostProcessor(Adjustable, ABC):
    """A planned step: made once with ``(config, context)``, called for every inference."""

    @abstractmethod
    def __call__(self, tensors: Tensors) -> ResultParts:
        """Decode the tensors of one inference.

        Args:
            tensors: the raw output tensors by block id: output k of block b has the key b + k.

        Returns:
            The parts of the result that this step contributes, in plain Python numbers.

        Raises:
            ModelFormatError: a tensor is missing or too small.
        """

    def reset(self) -> None:
        """Forget what earlier inferences left behind; most steps remember nothing."""


def find_tensor(tensors: Tensors, block_id: int, output: int = 0) -> npt.NDArray[Any]:
    """An output of a block; one that is stored under 0 is the first output of every block.

    Raises:
        ModelFormatError: there is none.
        InvalidInputError: what is there is no array of real numbers, or there is no mapping.
    """
    try:
        tensor: Any = tensors.get(block_id + output)
        if tensor is None and output == 0:
            tensor = tensors.get(0)
    except AttributeError:
        raise InvalidInputError(
            f"a step takes a mapping from block ids to tensors, got {type(tensors).__name__}"
        ) from None
    if tensor is None:
        known = ", ".join(map(str, sorted(tensors))) or "none"
        raise ModelFormatError(
            f"post-processing decodes the tensor of block {block_id + output}, but there is none; "
            f"the networks gave: {known}"
        )
    if not isinstance(tensor, np.ndarray) or tensor.dtype.kind not in "fiub":
        kind = tensor.dtype if isinstance(tensor, np.ndarray) else type(tensor).__name__
        raise InvalidInputError(
            f"the tensor of block {block_id + output} is {kind}, expected an array of real numbers"
        )
    return tensor
