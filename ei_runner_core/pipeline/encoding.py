"""What a network gets to see: features or pixels, scaled, quantised and laid out as a tensor.

All buffers are made when a model is opened, and every step writes from one into the next. A step
that would change nothing is none: features that a network takes as they are need no copy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import dsp
from ..contract import TensorSession, TensorSpec
from ..errors import ModelFormatError, UnsupportedModelError
from ..impulse import DspBlock, GmmBlock, ImageInput, Impulse, NetworkBlock
from .features import FeatureStage

__all__ = ["Encoding", "Step", "encodings", "takes_pixels"]

Array = npt.NDArray[np.generic]
FloatArray = npt.NDArray[np.float32]
Step = Callable[[npt.NDArray[Any]], None]


@dataclass(frozen=True)
class Encoding:
    """An input tensor of a network, and the steps that fill it anew for each inference.

    Each step is called with the window, or with an RGB image in the case of ``image_steps``; most
    take the features that stand ready instead.
    """

    steps: tuple[Step, ...]
    tensor: Array
    image_steps: tuple[Step, ...] = ()


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


def encodings(
    impulse: Impulse,
    block: NetworkBlock | GmmBlock,
    session: TensorSession,
    features: FeatureStage,
) -> tuple[Encoding, ...]:
    """One encoding for each input tensor: one DSP block each, or all blocks in one tensor.

    A block that looks for anomalies takes the features that its axes pick, in one tensor.

    Raises:
        ModelFormatError: the tensors contradict the impulse.
        UnsupportedModelError: a tensor has a dtype that an impulse does not run on.
    """
    if isinstance(block, GmmBlock):
        return (_axes_encoding(block, session, features),)
    if takes_pixels(impulse, session):
        return (_pixel_encoding(impulse, block, session.inputs[0]),)
    ids = block.inputs
    groups: list[tuple[int, ...]]
    if len(session.inputs) == len(ids):
        groups = [(block_id,) for block_id in ids]
    elif len(session.inputs) == 1:
        groups = [ids]
    else:
        raise ModelFormatError(
            f"{block.files[0]} has {len(session.inputs)} input tensors, but the learn block "
            f"{block.id} takes the features of {len(ids)} blocks; expected one tensor for all of "
            "them or one for each"
        )
    return tuple(
        _feature_encoding(impulse, block, spec, group, features, first=k == 0)
        for k, (spec, group) in enumerate(zip(session.inputs, groups, strict=True))
    )


def _axes_encoding(block: GmmBlock, session: TensorSession, features: FeatureStage) -> Encoding:
    if len(session.inputs) != 1:
        raise ModelFormatError(
            f"{block.files[0]} has {len(session.inputs)} input tensors, but the learn block "
            f"{block.id} (gmm) takes one of {len(block.axes)} features"
        )
    spec = session.inputs[0]
    shape = _concrete_shape(spec, len(block.axes), block)
    steps: list[Step] = []
    values: npt.NDArray[Any] = _taken(
        steps, features, features.positions(block.inputs)[np.array(block.axes, np.intp)]
    )
    if spec.dtype != "float32":
        values = _quantized(steps, values, spec, block)
    return Encoding(tuple(steps), values.reshape(shape))


def _pixel_encoding(impulse: Impulse, block: NetworkBlock, spec: TensorSpec) -> Encoding:
    image = impulse.dsp[0]
    shape = _concrete_shape(spec, image.outputs, block)
    plan = dsp.QuantizedImage(image.config, spec.scale, spec.zero_point, block.image_scaling)
    pixels = np.empty(image.outputs, np.int8)
    encode = plan.encoder(impulse.window_length)
    first: Step = lambda window: encode(window, pixels)  # noqa: E731 - one of two ways to begin
    encoding = _arranged([first], pixels, shape, impulse, block)
    from_image: Step = lambda rgb: plan.extract_rgb_into(rgb, pixels)  # noqa: E731
    return replace(encoding, image_steps=(from_image, *encoding.steps[1:]))


def _feature_encoding(
    impulse: Impulse,
    block: NetworkBlock,
    spec: TensorSpec,
    sources: Sequence[int],
    features: FeatureStage,
    *,
    first: bool,
) -> Encoding:
    steps: list[Step] = []
    values: npt.NDArray[Any] = _gathered(steps, features, sources)
    shape = _concrete_shape(spec, values.size, block)
    image = next((one for one in impulse.dsp if one.id == sources[0] and one.type == "image"), None)
    if first and image is not None and block.image_scaling != "NONE":
        values = _scaled(steps, values, block, image)
    if spec.dtype != "float32":
        values = _quantized(steps, values, spec, block)
    return _arranged(steps, values, shape, impulse, block)


def _concrete_shape(
    spec: TensorSpec, count: int, block: NetworkBlock | GmmBlock
) -> tuple[int, ...]:
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


def _gathered(steps: list[Step], features: FeatureStage, sources: Sequence[int]) -> FloatArray:
    """The features of some blocks: where they stand if that is side by side, else a copy."""
    spans = [features.spans[source] for source in sources]
    if all(a.stop == b.start for a, b in pairwise(spans)):
        return features.buffer[spans[0].start : spans[-1].stop]
    return _taken(steps, features, features.positions(sources))


def _taken(
    steps: list[Step], features: FeatureStage, positions: npt.NDArray[np.intp]
) -> FloatArray:
    taken: FloatArray = np.empty(positions.size, np.float32)
    steps.append(lambda _: _discard(features.buffer.take(positions, None, taken, "clip")))
    return taken


def _discard(_: object) -> None:
    """NumPy's methods return what they wrote."""


def _scaled(
    steps: list[Step], values: npt.NDArray[Any], block: NetworkBlock, image: DspBlock
) -> npt.NDArray[Any]:
    """Scale the features of the first DSP block; what follows them stays as it is."""
    channels = 1 if image.config.get("channels") == "Grayscale" else 3
    plan = dsp.ImageScaler(block.image_scaling, image.outputs, channels)
    out = np.empty_like(values)
    head, rest = np.s_[: image.outputs], np.s_[image.outputs :]
    steps.append(lambda _: plan.into(values[head], out[head]))
    if values[rest].size:
        steps.append(lambda _: np.copyto(out[rest], values[rest]))
    return out


def _quantized(
    steps: list[Step],
    values: npt.NDArray[Any],
    spec: TensorSpec,
    block: NetworkBlock | GmmBlock,
) -> Array:
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
    plan = dsp.Quantizer(spec.scale, spec.zero_point, spec.dtype, values.size)
    out: Array = np.empty(values.size, spec.dtype)
    steps.append(lambda _: plan.into(values, out))
    return out


def _arranged(
    steps: Sequence[Step],
    values: npt.NDArray[Any],
    shape: tuple[int, ...],
    impulse: Impulse,
    block: NetworkBlock,
) -> Encoding:
    """Give values in the order height, width, channel the shape and order of the tensor."""
    image = _image_shape(impulse, shape)
    if image is None or not _is_channels_first(shape, image, block):
        return Encoding(tuple(steps), values.reshape(shape))
    tensor = np.empty(shape, values.dtype)
    # the same memory seen channels last, so that one strided copy does the transposition
    channels_last = tensor.reshape(image[2], *image[:2]).transpose(1, 2, 0)
    pixels = values.reshape(image)
    return Encoding((*steps, lambda _: np.copyto(channels_last, pixels)), tensor)


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
