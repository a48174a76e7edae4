"""Steps that work on results instead of tensors, and remember the results before."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import InvalidInputError
from ..fields import Field, read_fields
from ..results import ResultParts
from .base import COMMON_FIELDS
from .thresholds import Adjustable

__all__ = ["CAMERA", "MICROPHONE", "ResultStep", "part_of", "read_settings", "scores_of"]

MICROPHONE, CAMERA = 1, 3  # the SDK's numbers of sensors

_OF_THE_STREAM = ("interval_ms", "sensor", "slice_size")


class ResultStep(Adjustable, ABC):
    """A planned step behind those that decode tensors: made once, told about every result."""

    @abstractmethod
    def update(self, parts: ResultParts) -> ResultParts:
        """Take in the next result.

        Args:
            parts: what the steps before this one found; it is not changed.

        Returns:
            The same parts with those that this step adds or replaces.

        Raises:
            InvalidInputError: the part that this step works on is missing.
        """

    @abstractmethod
    def reset(self) -> None:
        """Forget all results: the next one is the first."""


def read_settings(
    type: str,  # noqa: A002 - as in create()
    config: Mapping[str, Any],
    fields: Mapping[str, Field],
    nested: str = "",
) -> dict[str, Any]:
    """The fields of a step, with defaults; see :func:`read_fields`.

    Args:
        type: which step it is.
        config: the fields; or a description of the whole stream, in which those of this step stand
            in a mapping of their own.
        fields: what is known.
        nested: the name of that mapping.
    """
    owner = f"{type} step"
    return read_fields(owner, _flat(config, nested), fields, (*COMMON_FIELDS, "input_block_id"))


def _flat(config: Any, nested: str) -> Any:
    own = config.get(nested) if isinstance(config, Mapping) else None
    if not isinstance(own, Mapping):
        return config
    return {name: config[name] for name in _OF_THE_STREAM if name in config} | dict(own)


def part_of(parts: ResultParts, name: str) -> Any:
    """A part of a result; None if it has none of that name.

    Raises:
        InvalidInputError: these are no parts, but a whole result or something else.
    """
    if not isinstance(parts, dict):
        raise InvalidInputError(
            f"a step takes the parts of a result as a dict, got {type(parts).__name__}; for an "
            "InferenceResult there is ei_runner_core.smoothing"
        )
    return parts.get(name)


def scores_of(parts: ResultParts, owner: str, labels: Sequence[str]) -> list[float]:
    """The scores of all labels, in their order.

    Raises:
        InvalidInputError: the result has none, or those of other labels.
    """
    scores = part_of(parts, "classification")
    if scores is None:
        raise InvalidInputError(
            f"{owner} works on the scores of classes, but the result has "
            f"{', '.join(parts) or 'nothing'}; put it behind a classification"
        )
    try:
        return [scores[label] for label in labels]
    except KeyError as error:
        raise InvalidInputError(
            f"{owner} needs a score of the label {error}, but the result has those of "
            f"{', '.join(scores) or 'none'}"
        ) from None
