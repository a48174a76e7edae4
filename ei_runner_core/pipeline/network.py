"""One network of an impulse: from features to the raw tensors that post-processing decodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from ..contract import TensorSession, TensorSpec
from ..dsp.quantization import Dequantizer
from ..errors import ModelFormatError, PluginError
from ..impulse import GmmBlock, Impulse, NetworkBlock
from .encoding import Step, encodings, takes_pixels
from .features import FeatureStage

__all__ = ["NetworkStage", "check_tensors", "kept_outputs"]

Array = npt.NDArray[np.generic]


class NetworkStage:
    """A network with its input encoding, planned for the features of one impulse.

    ``run`` takes the window and returns the raw output tensors by block id: output k of block b
    has the key b + k. ``run_image`` does so with an RGB image of the model's size. Unless
    ``reads_window`` is true both work on the features, which have to stand in the buffer of
    ``features`` by then.
    """

    def __init__(
        self,
        impulse: Impulse,
        block: NetworkBlock | GmmBlock,
        session: TensorSession,
        features: FeatureStage,
    ) -> None:
        self.session = session
        self.reads_window = takes_pixels(impulse, session)
        self.outputs = _picked_outputs(block, session)
        inputs = encodings(impulse, block, session, features)
        tensors = tuple(encoding.tensor for encoding in inputs)
        steps = [step for encoding in inputs for step in encoding.steps]
        image_steps = [s for encoding in inputs for s in encoding.image_steps or encoding.steps]
        keys, picks = tuple(self.outputs), _picks(block)
        self.run = _runner(steps, tensors, session, picks, keys)
        self.run_image = _runner(image_steps, tensors, session, picks, keys)
        if block.id in features.kept:
            target = features.buffer[features.spans[block.id]]
            spec = self.outputs[block.id]
            self.run = _keeping(self.run, block.id, spec, target)
            self.run_image = _keeping(self.run_image, block.id, spec, target)


def kept_outputs(impulse: Impulse, sessions: Mapping[int, TensorSession]) -> dict[int, int]:
    """How many values the networks give that others take in, by the id of their block.

    Raises:
        ModelFormatError: the number depends on the input.
    """
    wanted = {source for block in impulse.learn for source in block.inputs}
    wanted -= {block.id for block in impulse.dsp}
    kept = {}
    for block in impulse.networks:
        if block.id in wanted:
            spec = _picked_outputs(block, sessions[block.id])[block.id]
            kept[block.id] = abs(prod(spec.shape))  # a dynamic batch dimension counts as one
            if spec.shape.count(-1) > 1 or -1 in spec.shape[1:]:
                raise ModelFormatError(
                    f"other blocks take in the output {spec.name!r} of {block.files[0]}, whose "
                    f"shape {spec.shape} is not fixed"
                )
    return kept


def check_tensors(tensors: Mapping[int, object], specs: Mapping[int, TensorSpec]) -> None:
    """Hold what a session gave against what it promised.

    Raises:
        PluginError: a tensor is no array, or of another shape or dtype.
    """
    for key, spec in specs.items():
        tensor = tensors[key]
        got = f"{type(tensor).__name__}"
        if isinstance(tensor, np.ndarray):
            if tensor.dtype.name == spec.dtype and _fits(tensor.shape, spec.shape):
                continue
            got = f"{tensor.dtype} {tensor.shape}"
        raise PluginError(
            f"the backend promised the output {spec.name!r} as {spec.dtype} {spec.shape}, but "
            f"gave {got}; report it to the backend's authors"
        )


def _fits(shape: tuple[int, ...], promised: tuple[int, ...]) -> bool:
    return len(shape) == len(promised) and all(
        length == other or other == -1 for length, other in zip(shape, promised, strict=True)
    )


def _keeping(
    run: Callable[[npt.NDArray[Any]], dict[int, Array]],
    key: int,
    spec: TensorSpec,
    target: npt.NDArray[np.float32],
) -> Callable[[npt.NDArray[Any]], dict[int, Array]]:
    """Run a network and leave what it gives, as real numbers, to the networks behind it."""
    dequantizer = Dequantizer(spec.scale or 1.0, spec.zero_point)

    def run_and_keep(window: npt.NDArray[Any]) -> dict[int, Array]:
        tensors = run(window)
        target[...] = dequantizer.array(tensors[key]).reshape(-1)
        return tensors

    return run_and_keep


def _runner(
    steps: Sequence[Step],
    tensors: tuple[Array, ...],
    session: TensorSession,
    picks: tuple[int, ...] | None,
    keys: tuple[int, ...],
) -> Callable[[npt.NDArray[Any]], dict[int, Array]]:
    """Fill the inputs, run the engine, key its outputs by block id."""
    run = session.run
    if len(session.outputs) == len(keys) == 1:
        # the usual case without its loops, which would cost as much as a tiny network itself
        return _one_output(steps, run, tensors, keys[0])

    def run_all(window: npt.NDArray[Any]) -> dict[int, Array]:
        for step in steps:
            step(window)
        outputs = run(tensors)
        if picks is not None:
            outputs = tuple(outputs[index] for index in picks)
        return dict(zip(keys, outputs, strict=True))

    return run_all


def _one_output(
    steps: Sequence[Step],
    run: Callable[[Sequence[Array]], tuple[Array, ...]],
    tensors: tuple[Array, ...],
    key: int,
) -> Callable[[npt.NDArray[Any]], dict[int, Array]]:
    if not steps:
        return lambda _: {key: run(tensors)[0]}

    def run_one(window: npt.NDArray[Any]) -> dict[int, Array]:
        for step in steps:
            step(window)
        return {key: run(tensors)[0]}

    return run_one


def _picks(block: NetworkBlock | GmmBlock) -> tuple[int, ...] | None:
    return block.outputs if isinstance(block, NetworkBlock) else None


def _picked_outputs(
    block: NetworkBlock | GmmBlock, session: TensorSession
) -> dict[int, TensorSpec]:
    chosen = _picks(block)
    picks = range(len(session.outputs)) if chosen is None else chosen
    for index in picks:
        if index >= len(session.outputs):
            raise ModelFormatError(
                f"the learn block {block.id} picks output {index}, but {block.files[0]} has "
                f"{len(session.outputs)} outputs (from 0)"
            )
    return {block.id + k: session.outputs[index] for k, index in enumerate(picks)}
