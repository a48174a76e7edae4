"""Reading what the worker answers."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import asdict, replace

from ei_runner_core import (
    BlockThresholds,
    BoundingBox,
    Impulse,
    InferenceResult,
    ModelParameters,
    TensorSpec,
    Timing,
    TrackedObject,
    VisualAnomaly,
)

from .wire import array_of

__all__ = ["Answer", "Opened", "Result", "read_answer"]


class Opened(Struct, frozen=True, kw_only=True):
    """What a session says about itself when it is opened."""

    impulse: Impulse | None
    parameters: ModelParameters
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    refuses_non_finite: bool


class Result(Struct, frozen=True, kw_only=True):
    """The fields of :class:`InferenceResult` but ``image``, which is known to who asked."""

    classification: dict[str, float] | None
    bounding_boxes: tuple[BoundingBox, ...] | None
    object_tracking: tuple[TrackedObject, ...] | None
    visual_anomaly: VisualAnomaly | None
    anomaly: float | None
    freeform: tuple[Any, ...] | None
    counts: tuple[int, ...] | None
    detected_label: str | None
    timing: Timing
    info: str | None
    ready: bool

    def told_after(self, microseconds: int) -> InferenceResult:
        """The result, with the time from the question to the answer."""
        fields = asdict(self)
        fields["timing"] = replace(self.timing, round_trip_us=microseconds)
        return InferenceResult(**fields)


class Answer(Struct, frozen=True, kw_only=True):
    """What the worker answers: an error (its kind and message), or what was asked for."""

    error: tuple[str, str] | None = None
    opened: Opened | None = None
    result: Result | None = None
    tensors: dict[str, Any] | None = None
    thresholds: tuple[BlockThresholds, ...] | None = None


_decoder = msgspec.msgpack.Decoder(Answer, ext_hook=array_of)


def read_answer(body: memoryview) -> Answer:
    """Read an answer.

    Raises:
        msgspec.ValidationError: the session gave something of another type than it should.
    """
    return _decoder.decode(body)
