"""The messages of the EIM protocol, as an ``.eim`` of any generation sends and takes them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import orjson

from ei_runner_core import (
    BlockThresholds,
    BoundingBox,
    InferenceResult,
    ModelParameters,
    Timing,
    TrackedObject,
    VisualAnomaly,
)

__all__ = [
    "FreeformOutput",
    "Head",
    "Hello",
    "Reply",
    "decode_hello",
    "decode_reply",
    "numbers",
    "read_parameters",
    "read_result",
]

_LARGEST_WINDOW = 1 << 28  # a gigabyte
_TRACKER_SUFFIX = re.compile(r" \(id=\d+\)$")


class Head(msgspec.Struct):
    """What every reply has."""

    id: int | None = None
    success: bool | None = None
    error: str | None = None


class FreeformOutput(msgspec.Struct):
    """Name and shape of a tensor, which ei-runner itself adds to the protocol."""

    name: str
    shape: tuple[int, ...]


class Hello(Head):
    """What a program tells about its model."""

    project: dict[str, Any] | None = None
    model_parameters: dict[str, Any] = {}
    inferencing_engine: dict[str, Any] | None = None
    features_shm: dict[str, Any] | None = None
    features_shm_error: str | None = None
    freeform_output_shm: list[dict[str, Any]] | None = None
    freeform_outputs: tuple[FreeformOutput, ...] = ()


class Visual(msgspec.Struct):
    """Visual anomaly, which old documents show in an object of its own."""

    visual_anomaly_grid: tuple[BoundingBox, ...] = ()
    visual_anomaly_max: float | None = None
    visual_anomaly_mean: float | None = None


class Answer(Visual):
    """What a model found; a part that it does not give is ``None``."""

    classification: dict[str, float | None] | None = None
    bounding_boxes: tuple[BoundingBox, ...] | None = None
    object_tracking: tuple[TrackedObject, ...] | None = None
    visual_anomaly: Visual | None = None
    anomaly: float | None = None
    freeform: list[list[float | None]] | str | None = None


class Times(msgspec.Struct):
    """The steps in milliseconds; some programs, such as ours, also tell microseconds."""

    dsp: float | None = None
    classification: float | None = None
    anomaly: float | None = None
    postprocessing: float | None = None
    dsp_us: float | None = None
    classification_us: float | None = None
    anomaly_us: float | None = None
    postprocessing_us: float | None = None


class Reply(Head):
    """The answer to any other question."""

    result: Answer | None = None
    timing: Times | None = None
    info: str | None = None


decode_hello = msgspec.json.Decoder(Hello).decode
decode_reply = msgspec.json.Decoder(Reply).decode


def numbers(window: npt.NDArray[np.float32], are_pixels: bool) -> bytes:
    """A window as JSON: each value with as many digits as float32 has, pixels as whole numbers."""
    if are_pixels:
        with np.errstate(invalid="ignore"):  # what is no pixel differs from its number
            pixels = window.astype(np.int32)
        if (pixels.astype(np.float32) == window).all():
            return orjson.dumps(pixels, option=orjson.OPT_SERIALIZE_NUMPY)
    return orjson.dumps(window, option=orjson.OPT_SERIALIZE_NUMPY)


def read_parameters(hello: Hello) -> ModelParameters:
    """What a model tells about itself, with what old generations leave out.

    Raises:
        ValueError: the reply contradicts the protocol.
    """
    try:
        parameters = ModelParameters.from_dict(_without_nulls(msgspec.to_builtins(hello)))
        plain = msgspec.to_builtins(parameters)
        parameters = msgspec.convert(plain, ModelParameters, strict=False)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from error
    size, axes = parameters.input_features_count, parameters.axis_count
    if not 0 < size <= _LARGEST_WINDOW or axes < 1:
        raise ValueError(f"a window of {size} values on {axes} axes")
    makes_sense = 0 < parameters.slice_size * axes <= size
    return msgspec.structs.replace(
        parameters,
        slice_size=parameters.slice_size if makes_sense else _default_slice(parameters),
        thresholds=tuple(filter(None, map(_known_values, parameters.thresholds))),
    )


def read_result(
    reply: Reply,
    labels: Sequence[str],
    freeform: tuple[npt.NDArray[np.float32], ...] | None,
    round_trip_us: int,
) -> InferenceResult:
    """A reply as a result.

    Args:
        reply: of a question that was answered.
        labels: the order of the classes, which the protocol loses.
        freeform: the tensors that the reply says are in shared memory.
        round_trip_us: from the question to the reply, in microseconds.
    """
    answer = reply.result or Answer()
    return InferenceResult(
        classification=_scores(answer.classification, labels),
        bounding_boxes=_boxes(answer.bounding_boxes, labels),
        object_tracking=answer.object_tracking,
        visual_anomaly=_visual(answer),
        anomaly=answer.anomaly,
        freeform=freeform if isinstance(answer.freeform, str) else _tensors(answer.freeform),
        timing=_timing(reply.timing, round_trip_us),
        info=reply.info or None,
    )


def _without_nulls(value: Any) -> Any:
    """The same without what is null, which is how programs write a number that is none."""
    if isinstance(value, dict):
        return {name: _without_nulls(one) for name, one in value.items() if one is not None}
    return [_without_nulls(one) for one in value] if isinstance(value, list) else value


def _default_slice(parameters: ModelParameters) -> int:
    """A quarter of the window for generations that name none: that is what all others do."""
    return max(parameters.input_features_count // parameters.axis_count // 4, 1)


def _known_values(block: BlockThresholds) -> BlockThresholds | None:
    """Without the place-holders of some builds, and with the digits that float32 has."""
    values = {
        name: float(str(np.float32(value)))
        for name, value in block.values.items()
        if name != "unknown" and isinstance(value, (int, float))
    }
    return msgspec.structs.replace(block, values=values) if values else None


def _scores(
    scores: Mapping[str, float | None] | None, labels: Sequence[str]
) -> dict[str, float] | None:
    if scores is None:
        return None
    known = {label: scores[label] for label in labels if label in scores}
    if len(known) != len(scores):
        known |= {label: value for label, value in scores.items() if label not in known}
    if None not in known.values():
        return known  # type: ignore[return-value]
    return {label: math.nan if value is None else value for label, value in known.items()}


def _boxes(
    boxes: tuple[BoundingBox, ...] | None, labels: Sequence[str]
) -> tuple[BoundingBox, ...] | None:
    """The boxes; one generation wrote the numbers of tracked objects into their labels."""
    if boxes is None or all(box.label in labels for box in boxes):
        return boxes
    return tuple(
        box
        if box.label in labels
        else msgspec.structs.replace(box, label=_TRACKER_SUFFIX.sub("", box.label))
        for box in boxes
    )


def _visual(answer: Answer) -> VisualAnomaly | None:
    found = answer.visual_anomaly or answer
    if found.visual_anomaly_max is None:
        return None
    mean = found.visual_anomaly_mean
    return VisualAnomaly(
        found.visual_anomaly_grid, found.visual_anomaly_max, math.nan if mean is None else mean
    )


def _tensors(
    tensors: list[list[float | None]] | None,
) -> tuple[npt.NDArray[np.float32], ...] | None:
    if tensors is None:
        return None
    with np.errstate(over="ignore"):  # what is too large is infinite; a None becomes NaN
        return tuple(np.array(tensor, np.float32) for tensor in tensors)


def _timing(times: Times | None, round_trip_us: int) -> Timing:
    if times is None:
        return Timing(round_trip_us=round_trip_us)
    return Timing(
        _microseconds(times.dsp_us, times.dsp),
        _microseconds(times.classification_us, times.classification),
        _microseconds(times.anomaly_us, times.anomaly),
        _microseconds(times.postprocessing_us, times.postprocessing),
        round_trip_us,
    )


def _microseconds(exact: float | None, milliseconds: float | None) -> int:
    return int(1000 * (milliseconds or 0) if exact is None else exact)
