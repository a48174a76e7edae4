"""Making a post-processing step by the name of its type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from ..errors import UnsupportedModelError
from .base import PostProcessor, StepContext

__all__ = ["create"]

# type -> "module:Class" within this package; a family of detectors is one module
_STEPS = {
    "classification": "classification:Classification",
    "freeform": "freeform:Freeform",
    "regression": "classification:Regression",
}


def create(
    type: str,  # noqa: A002 - the word of impulse.json
    config: Mapping[str, Any],
    *,
    width: int = 0,
    height: int = 0,
    labels: Sequence[str] = (),
) -> PostProcessor:
    """Plan a post-processing step.

    Args:
        type: ``classification``, ``regression`` or ``freeform``.
        config: its settings, by the field names of the C++ SDK: ``input_block_id`` (default 0),
            ``scale`` (default 1) and ``zero_point`` (default 0) of the tensor, used where it holds
            integers. Fields that merely describe may stand there too.
        width: of the model's input, in pixels; 0 if that is no image.
        height: like ``width``.
        labels: the model's labels, in the order of the network's outputs.

    Returns:
        The step, for use from one thread at a time.

    Raises:
        UnsupportedModelError: there is no such type.
        InvalidInputError: a field is unknown or has a wrong value.
    """
    if type not in _STEPS:
        raise UnsupportedModelError(
            f"there is no post-processing of the type {type!r}; known types: "
            f"{', '.join(sorted(_STEPS))}"
        )
    module, _, name = _STEPS[type].partition(":")
    step = getattr(import_module(f".{module}", __package__), name)
    planned: PostProcessor = step(config, StepContext(width, height, tuple(labels)))
    return planned
