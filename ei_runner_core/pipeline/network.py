"""One network of an impulse: from features to the raw tensors that post-processing decodes."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import dsp
from ..contract import TensorSession, TensorSpec
from ..errors import ModelFormatError, PluginError, UnsupportedModelError
from ..impulse import DspBlock, ImageInput, Impulse, NetworkBlock

__all__ = ["NetworkStage", "check_tensors", "takes_pixels"]

Array = npt.NDArray[np.generic]
FloatArray = npt.NDArray[np.float32]
Encoder = Callable[[FloatArray], Array]


def takes_pixels(impulse: Impulse, session: TensorSession) -> bool:
    """Whether the SDK's short cut applies: bytes of an image straight to an int8 tensor.

    It does for an int8 network behind a single image block, when no block looks for anomalies.
    """
    return (
        len(impulse.dsp) == len(impulse.learn) == 1
        and impulse.dsp[0].type == "image"
        and impulse.dsp[0].normalization is None
        and impulse.anomaly == "none"
        and len(session.inputs) == 1
        and session.inputs[0].dtype == "int8"
        and session.inputs[0].is_quantized
    )


class NetworkStage:
    """A network with its input encoding, planned for the features of one impulse.

    ``run`` takes the feature vector of the whole impulse (or the window itself where
    ``reads_window`` is true) and returns the raw output tensors by block id: output k of block b
    has the key b + k.
    """

    def __init__(
        self,
        impulse: Impulse,
        block: NetworkBlock,
        session: TensorSession,
        spans: dict[int, slice],
    ) -> None:
        self.session = session
        self.reads_window = takes_pixels(impulse, session)
        self.outputs = _picked_outputs(block, session)
        if self.reads_window:
            encoders: tuple[Encoder, ...] = (_pixel_encoder(impulse, block, session),)
        else:
            encoders = _feature_encoders(impulse, block, session, spans)
        self.run = _runner(encoders, session, block.outputs, tuple(self.outputs))


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


def _runner(
    encoders: tuple[Encoder, ...],
    session: TensorSession,
    picks: tuple[int, ...] | None,
    keys: tuple[int, ...],
) -> Callable[[FloatArray], dict[int, Array]]:
    """Encode the inputs, run the engine, key its outputs by block id."""
    run = session.run
    if len(encoders) == len(session.outputs) == len(keys) == 1:
        # the usual case without its loops, which would cost as much as a tiny network itself
        encode, key = encoders[0], keys[0]
        return lambda values: {key: run((encode(values),))[0]}

    def run_all(values: FloatArray) -> dict[int, Array]:
        outputs = run([encode(values) for encode in encoders])
        if picks is not None:
            outputs = tuple(outputs[index] for index in picks)
        return dict(zip(keys, outputs, strict=True))

    return run_all


def _picked_outputs(block: NetworkBlock, session: TensorSession) -> dict[int, TensorSpec]:
    picks = range(len(session.outputs)) if block.outputs is None else block.outputs
    for index in picks:
        if index >= len(session.outputs):
            raise ModelFormatError(
                f"the learn block {block.id} picks output {index}, but {block.files[0]} has "
                f"{len(session.outputs)} outputs (from 0)"
            )
    return {block.id + k: session.outputs[index] for k, index in enumerate(picks)}


def _pixel_encoder(impulse: Impulse, block: NetworkBlock, session: TensorSession) -> Encoder:
    spec = session.inputs[0]
    shape = _concrete_shape(spec, impulse.dsp[0].outputs, block)
    plan = dsp.QuantizedImage(
        impulse.dsp[0].config, spec.scale, spec.zero_point, block.image_scaling
    )
    pixels = np.empty(impulse.dsp[0].outputs, np.int8)
    arrange = _arranger(shape, impulse, block, np.dtype(np.int8))

    def encode(window: FloatArray) -> Array:
        plan.extract_into(window, pixels)
        return arrange(pixels)

    return encode


def _feature_encoders(
    impulse: Impulse, block: NetworkBlock, session: TensorSession, spans: dict[int, slice]
) -> tuple[Encoder, ...]:
    """One encoder for each input tensor: one DSP block each, or all blocks in one tensor."""
    ids = block.inputs
    groups: list[tuple[int, ...]]
    if len(session.inputs) == len(ids):
        groups = [(block_id,) for block_id in ids]
    elif len(session.inputs) == 1:
        groups = [ids]
    else:
        raise ModelFormatError(
            f"{block.files[0]} has {len(session.inputs)} input tensors, but the learn block "
            f"{block.id} takes the features of {len(ids)} DSP blocks; expected one tensor for all "
            "of them or one for each"
        )
    by_id = {dsp_block.id: dsp_block for dsp_block in impulse.dsp}
    return tuple(
        _feature_encoder(impulse, block, spec, [by_id[i] for i in group], spans, first=k == 0)
        for k, (spec, group) in enumerate(zip(session.inputs, groups, strict=True))
    )


def _feature_encoder(
    impulse: Impulse,
    block: NetworkBlock,
    spec: TensorSpec,
    sources: list[DspBlock],
    spans: dict[int, slice],
    *,
    first: bool,
) -> Encoder:
    count = sum(source.outputs for source in sources)
    shape = _concrete_shape(spec, count, block)
    steps: list[Callable[[Any], Any]] = [_gatherer([spans[source.id] for source in sources])]
    if first and sources[0].type == "image" and block.image_scaling != "NONE":
        steps.append(_scaler(block, count, sources[0]))
    if spec.dtype != "float32":
        steps.append(_quantizer(spec, count, block))
    steps.append(_arranger(shape, impulse, block, np.dtype(spec.dtype)))
    return _chain(steps)


def _concrete_shape(spec: TensorSpec, count: int, block: NetworkBlock) -> tuple[int, ...]:
    """The shape of the input tensor, with the one dynamic dimension (if any) worked out."""
    shape = list(spec.shape)
    if shape and shape[0] == -1:
        shape[0] = 1
    if shape.count(-1) == 1 and (known := -prod(shape)) and count % known == 0:
        shape[shape.index(-1)] = count // known
    if -1 in shape or prod(shape) != count:
        raise ModelFormatError(
            f"the input {spec.name!r} of {block.files[0]} has the shape {spec.shape}, but "
            f"impulse.json gives the learn block {block.id} {count} features; is it the right "
            "network file?"
        )
    return tuple(shape)


def _gatherer(spans: list[slice]) -> Callable[[FloatArray], FloatArray]:
    """Pick the features of some blocks: a view where they stand side by side, else a copy."""
    if all(a.stop == b.start for a, b in pairwise(spans)):
        whole = slice(spans[0].start, spans[-1].stop)
        return lambda features: features[whole]
    indices = np.concatenate([np.arange(span.start, span.stop) for span in spans])
    return lambda features: features[indices]


def _chain(steps: list[Callable[[Any], Any]]) -> Encoder:
    """One function out of several, without a loop for the common lengths."""
    if len(steps) == 2:
        first, last = steps
        return lambda values: last(first(values))
    if len(steps) == 3:
        first, middle, last = steps
        return lambda values: last(middle(first(values)))
    return lambda values: functools.reduce(lambda value, step: step(value), steps, values)


def _scaler(block: NetworkBlock, count: int, image: DspBlock) -> Callable[[FloatArray], FloatArray]:
    """Scale the features of the first DSP block; what follows them stays as it is."""
    scaled = image.outputs
    channels = 1 if image.config.get("channels") == "Grayscale" else 3
    plan = dsp.ImageScaler(block.image_scaling, scaled, channels)
    out = np.empty(count, np.float32)

    def scale(values: FloatArray) -> FloatArray:
        plan.into(values[:scaled], out[:scaled])
        out[scaled:] = values[scaled:]
        return out

    return scale


def _quantizer(spec: TensorSpec, count: int, block: NetworkBlock) -> Callable[[FloatArray], Array]:
    if spec.dtype not in ("int8", "uint8"):
        raise UnsupportedModelError(
            f"the input {spec.name!r} of {block.files[0]} has the dtype {spec.dtype}; an impulse "
            "runs on float32, int8 and uint8; open the network file itself as a freeform model"
        )
    if not spec.is_quantized:
        raise ModelFormatError(
            f"the input {spec.name!r} of {block.files[0]} is {spec.dtype} without a scale; export "
            "the network with its quantisation parameters"
        )
    plan = dsp.Quantizer(spec.scale, spec.zero_point, spec.dtype, count)
    out: Array = np.empty(count, spec.dtype)

    def quantize(values: FloatArray) -> Array:
        plan.into(values, out)
        return out

    return quantize


def _arranger(
    shape: tuple[int, ...], impulse: Impulse, block: NetworkBlock, dtype: np.dtype[np.generic]
) -> Callable[[Array], Array]:
    """Give features (height, width, channel) the shape and order that the tensor has."""
    image = _image_shape(impulse, shape)
    if image is None or not _is_channels_first(shape, image, block):
        return lambda values: values.reshape(shape)
    channels_first: Array = np.empty(shape, dtype)
    # the same memory seen channels last, so that one strided copy does the transposition
    channels_last = channels_first.reshape(image[2], *image[:2]).transpose(1, 2, 0)

    def arrange(values: Array) -> Array:
        np.copyto(channels_last, values.reshape(image))
        return channels_first

    return arrange


def _image_shape(impulse: Impulse, shape: tuple[int, ...]) -> tuple[int, int, int] | None:
    """Height, width and channels if the tensor holds exactly one image."""
    if not isinstance(impulse.input, ImageInput) or impulse.input.frames != 1:
        return None
    height, width = impulse.input.height, impulse.input.width
    channels, rest = divmod(prod(shape), height * width)
    return (height, width, channels) if rest == 0 and len(shape) >= 3 else None


def _is_channels_first(
    shape: tuple[int, ...], image: tuple[int, int, int], block: NetworkBlock
) -> bool:
    height, width, channels = image
    last, first = shape[-3:] == image, shape[-3:] == (channels, height, width)
    if (block.layout == "nchw" and not first) or (block.layout == "nhwc" and not last):
        raise ModelFormatError(
            f"the learn block {block.id} declares the layout {block.layout}, but {block.files[0]} "
            f"takes the shape {shape} for images of {width}x{height} with {channels} channels"
        )
    return block.layout == "nchw" or (block.layout == "auto" and first and not last)
