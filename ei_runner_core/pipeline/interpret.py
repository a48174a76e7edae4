"""The post-processing chain of an impulse: from raw tensors to the parts of a result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import postprocess
from ..contract import TensorSpec
from ..errors import InvalidInputError, ModelFormatError, UnsupportedModelError
from ..impulse import (
    GmmBlock,
    ImageInput,
    Impulse,
    NetworkBlock,
    PostProcessingBlock,
    model_parameters,
)
from ..parameters import BlockThresholds
from ..postprocess.base import PostProcessor
from ..postprocess.sequence import ResultStep
from ..results import ResultParts

__all__ = ["InterpretStage"]

_FREEFORM = "freeform"


class InterpretStage:
    """All post-processing blocks, planned for the tensors of one impulse.

    Those that decode tensors come first, then those that work on results: tracking, calibration.
    """

    def __init__(self, impulse: Impulse, tensors: Mapping[int, TensorSpec]) -> None:
        self._steps = {
            block.id: _planned(block, impulse, tensors) for block in impulse.postprocessing
        }
        implied = (_planned(block, impulse, tensors) for block in _implied(impulse))
        steps = (*implied, *self._steps.values())
        self._decoders = tuple(step for step in steps if isinstance(step, PostProcessor))
        self._followers = tuple(step for step in steps if isinstance(step, ResultStep))
        self._types = {block.id: block.type for block in impulse.postprocessing}
        self._only = self._decoders[0] if len(steps) == len(self._decoders) == 1 else None

    def run(
        self, tensors: Mapping[int, npt.NDArray[Any]], found: ResultParts | None = None
    ) -> ResultParts:
        """What the tensors of one inference mean, on top of what was found before."""
        if self._only is not None and found is None:
            return self._only(tensors)
        parts = found or ResultParts()
        for decode in self._decoders:
            parts.update(decode(tensors))
        for step in self._followers:
            parts = step.update(parts)
        return parts

    @property
    def thresholds(self) -> tuple[BlockThresholds, ...]:
        """The values that can be changed, as they are now; blocks without any are left out."""
        rows = ((key, step, step.thresholds()) for key, step in self._steps.items())
        return tuple(
            BlockThresholds(key, step.threshold_type or self._types[key], values)
            for key, step, values in rows
            if values
        )

    def set_threshold(self, block_id: int, **values: float) -> None:
        """Change values of one block; see :meth:`ImpulseSession.set_threshold`."""
        step = self._steps.get(block_id)
        if step is None:
            known = ", ".join(f"{i} ({kind})" for i, kind in self._types.items()) or "none"
            raise InvalidInputError(
                f"there is no post-processing block {block_id!r}; the model has {known}"
            )
        step.set_threshold(**values)

    def reset(self) -> None:
        """Forget what earlier results left behind."""
        for decoder in self._decoders:
            decoder.reset()
        for follower in self._followers:
            follower.reset()


def _implied(impulse: Impulse) -> Iterator[PostProcessingBlock]:
    """What the learn blocks mean without a post-processing block that says so.

    A GMM gives an anomaly score; the tensors of the (first) network are the answer where nothing
    decodes any network.
    """
    decoded = {block.input for block in impulse.postprocessing}
    for block in impulse.learn:
        if isinstance(block, GmmBlock) and block.id not in decoded:
            yield PostProcessingBlock(id=0, type="anomaly", input=block.id)
    networks = [block for block in impulse.learn if isinstance(block, NetworkBlock)]
    if networks and not impulse.postprocessing:
        yield PostProcessingBlock(id=0, type=_FREEFORM, input=networks[0].id)


def _planned(
    block: PostProcessingBlock, impulse: Impulse, tensors: Mapping[int, TensorSpec]
) -> PostProcessor | ResultStep:
    image = impulse.input if isinstance(impulse.input, ImageInput) else None
    follows = postprocess.follows_results(block.type)
    try:
        return postprocess.create(
            block.type,
            _stream(block, impulse) if follows else _complete(block, impulse, tensors),
            width=image.width if image else 0,
            height=image.height if image else 0,
            labels=impulse.labels,
        )
    except InvalidInputError as error:
        raise ModelFormatError(
            f"the post-processing block {block.id} ({block.type}): {error}"
        ) from error


def _stream(block: PostProcessingBlock, impulse: Impulse) -> dict[str, Any]:
    """The config of a block that works on results, with what these come from and how fast."""
    about = model_parameters(impulse)
    return {
        "sensor": int(about.sensor),
        "slice_size": about.slice_size,
        "interval_ms": about.interval_ms,
    } | block.config


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
    block: PostProcessingBlock, impulse: Impulse, tensors: Mapping[int, TensorSpec]
) -> dict[str, Any]:
    """The config of a decoder with what the network itself tells: quantisation and tensors."""
    source = _source(block, impulse)
    if source not in tensors:
        raise ModelFormatError(
            f"the post-processing block {block.id} ({block.type}) decodes block {source}, which "
            "gives no tensors"
        )
    tensor = tensors[source]
    _check_count(block, impulse, tensor)
    _check_quantization(block, tensor)
    if block.type == _FREEFORM:
        _check_one_scale(tensors)
    completed: dict[str, Any] = {
        "input_block_id": source,
        "output_tensors": [_described(key, spec) for key, spec in tensors.items()],
    }
    if tensor.is_quantized:
        completed |= {"scale": tensor.scale, "zero_point": tensor.zero_point}
    return completed | block.config


def _source(block: PostProcessingBlock, impulse: Impulse) -> int:
    if block.input is not None:
        return block.input
    return (impulse.networks or impulse.learn)[0].id


def _described(block_id: int, spec: TensorSpec) -> dict[str, Any]:
    described = {
        "name": spec.name,
        "block_id": block_id,
        "dtype": spec.dtype,
        "shape": list(spec.shape),
    }
    if spec.is_quantized:
        described |= {"scale": spec.scale, "zero_point": spec.zero_point}
    return described


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
