"""The post-processing chain of an impulse: from raw tensors to the parts of a result."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import postprocess
from ..contract import TensorSpec
from ..errors import InvalidInputError, ModelFormatError, UnsupportedModelError
from ..impulse import ImageInput, Impulse, PostProcessingBlock
from ..parameters import BlockThresholds
from ..results import ResultParts

__all__ = ["InterpretStage"]

_FREEFORM = "freeform"


class InterpretStage:
    """All post-processing blocks, planned for the tensors of one impulse."""

    def __init__(self, impulse: Impulse, tensors: Mapping[int, TensorSpec]) -> None:
        blocks = impulse.postprocessing or (_everything(impulse),)
        self._steps = {block.id: _step(block, impulse, tensors) for block in blocks}
        self._types = {block.id: block.type for block in blocks}
        self._chain = tuple(self._steps.values())

    def run(self, tensors: Mapping[int, npt.NDArray[Any]]) -> ResultParts:
        """What the tensors of one inference mean."""
        if len(self._chain) == 1:
            return self._chain[0](tensors)
        parts = ResultParts()
        for step in self._chain:
            parts.update(step(tensors))
        return parts

    @property
    def thresholds(self) -> tuple[BlockThresholds, ...]:
        """The values that can be changed, as they are now; blocks without any are left out."""
        values = ((block_id, step.thresholds()) for block_id, step in self._steps.items())
        return tuple(BlockThresholds(i, self._types[i], value) for i, value in values if value)

    def set_threshold(self, block_id: int, **values: float) -> None:
        """Change values of one block; see :meth:`ImpulseSession.set_threshold`."""
        step = self._steps.get(block_id)
        if step is None:
            known = ", ".join(f"{i} ({kind})" for i, kind in self._types.items())
            raise InvalidInputError(
                f"there is no post-processing block {block_id!r}; the model has {known}"
            )
        step.set_threshold(**values)

    def reset(self) -> None:
        """Forget what earlier results left behind."""
        for step in self._chain:
            step.reset()


def _everything(impulse: Impulse) -> PostProcessingBlock:
    """Without a post-processing block all tensors of the (first) network are the answer."""
    return PostProcessingBlock(id=0, type=_FREEFORM, input=impulse.learn[0].id)


def _step(
    block: PostProcessingBlock, impulse: Impulse, tensors: Mapping[int, TensorSpec]
) -> postprocess.PostProcessor:
    source = impulse.learn[0].id if block.input is None else block.input
    if source not in tensors:
        raise ModelFormatError(
            f"the post-processing block {block.id} ({block.type}) decodes block {source}, which "
            "gives no tensors"
        )
    _check_count(block, impulse, tensors[source])
    image = impulse.input if isinstance(impulse.input, ImageInput) else None
    try:
        return postprocess.create(
            block.type,
            _complete(block, source, tensors),
            width=image.width if image else 0,
            height=image.height if image else 0,
            labels=impulse.labels,
        )
    except InvalidInputError as error:
        raise ModelFormatError(
            f"the post-processing block {block.id} ({block.type}): {error}"
        ) from error


def _check_count(block: PostProcessingBlock, impulse: Impulse, tensor: TensorSpec) -> None:
    count = abs(prod(tensor.shape))  # a dynamic batch dimension counts as one
    if block.type == "regression" and count != 1:
        raise ModelFormatError(
            f"the network gives {count} values (shape {tensor.shape}), a regression needs exactly "
            'one; use the type "classification" with a label for each value, or "freeform"'
        )
    if block.type == "classification" and count != len(impulse.labels):
        raise ModelFormatError(
            f"the network gives {count} scores (shape {tensor.shape}), but impulse.json lists "
            f"{len(impulse.labels)} labels; expected one label for each score"
        )


def _complete(
    block: PostProcessingBlock, source: int, tensors: Mapping[int, TensorSpec]
) -> dict[str, Any]:
    """The block's config with what the network itself tells: quantisation and tensors."""
    tensor = tensors[source]
    _check_quantization(block, tensor)
    if block.type == _FREEFORM:
        _check_one_scale(tensors)
    completed: dict[str, Any] = {
        "input_block_id": source,
        "output_tensors": [
            {"name": spec.name, "block_id": key, "dtype": spec.dtype, "shape": list(spec.shape)}
            for key, spec in tensors.items()
        ],
    }
    if tensor.is_quantized:
        completed |= {"scale": tensor.scale, "zero_point": tensor.zero_point}
    return completed | block.config


def _check_one_scale(tensors: Mapping[int, TensorSpec]) -> None:
    """The SDK decodes all tensors of a freeform model alike, so that differing ones go wrong."""
    scales = {(spec.dtype, spec.scale, spec.zero_point) for spec in tensors.values()}
    if len(scales) > 1:
        raise UnsupportedModelError(
            f"the output tensors have different quantisations {sorted(scales)}, which freeform "
            "post-processing cannot tell apart; open the network file itself and dequantise each "
            "with ei_runner_core.dsp.dequantize"
        )


def _check_quantization(block: PostProcessingBlock, tensor: TensorSpec) -> None:
    for name in ("scale", "zero_point"):
        declared, actual = block.config.get(name), getattr(tensor, name)
        if not tensor.is_quantized or not isinstance(declared, (int, float)):
            continue
        if _float32(declared) != _float32(actual):
            raise ModelFormatError(
                f"the post-processing block {block.id} ({block.type}) declares {name} "
                f"{declared}, but the tensor {tensor.name!r} has {actual}"
            )


def _float32(value: float) -> float:
    try:
        return float(np.float32(value))
    except OverflowError:  # an integer of hundreds of digits
        return float("inf")
