"""What all post-processing steps have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy.typing as npt

from ..errors import InvalidInputError, ModelFormatError
from ..results import ResultParts

__all__ = ["COMMON_FIELDS", "PostProcessor", "StepContext", "Tensors", "find_tensor"]

Tensors = Mapping[int, npt.NDArray[Any]]

COMMON_FIELDS = (
    "block_id",
    "categories",
    "implementation_version",
    "input_height",
    "input_width",
    "label_count",
    "output_features_count",
    "output_tensors",
    "postprocess_fn",
    "version",
)
"""Fields that describe a step in the SDK's own terms; a step may read them or not."""


@dataclass(frozen=True)
class StepContext:
    """What a step knows besides its config: the model's input in pixels, and its labels."""

    width: int = 0
    height: int = 0
    labels: tuple[str, ...] = ()


class PostProcessor(ABC):
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

    def thresholds(self) -> dict[str, float]:
        """The values that can be changed while the model runs, as they are now."""
        return {}

    def set_threshold(self, **values: float) -> None:
        """Change some of these values.

        Raises:
            InvalidInputError: there is no value of that name; then nothing was changed.
        """
        self._refuse_thresholds(values)

    def reset(self) -> None:  # noqa: B027 - most steps remember nothing
        """Forget what earlier inferences left behind."""

    def _refuse_thresholds(self, values: Mapping[str, float]) -> NoReturn:
        known = ", ".join(self.thresholds()) or "none"
        raise InvalidInputError(
            f"{type(self).__name__.lower()} has no value {', '.join(values)!r} to change; "
            f"it has: {known}"
        )


def find_tensor(tensors: Tensors, block_id: int) -> npt.NDArray[Any]:
    """The tensor of a block; one that is stored under 0 belongs to every block.

    Raises:
        ModelFormatError: there is none.
    """
    tensor = tensors.get(block_id)
    if tensor is None:
        tensor = tensors.get(0)
    if tensor is None:
        known = ", ".join(map(str, sorted(tensors))) or "none"
        raise ModelFormatError(
            f"post-processing decodes the tensor of block {block_id}, but there is none; the "
            f"networks gave: {known}"
        )
    return tensor
