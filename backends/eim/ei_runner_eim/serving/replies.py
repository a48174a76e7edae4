"""Answers of the protocol as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from ei_runner_core import InferenceResult

    from .served_model import ServedModel

__all__ = ["described_result", "encode", "failure", "hello"]

# the order of an .eim, whose clients may count on it
_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_SERIALIZE_NUMPY


def encode(reply: Mapping[str, Any]) -> bytes:
    """One line of JSON with its keys in alphabetical order; NaN and infinity become null."""
    return orjson.dumps(reply, option=_OPTIONS)


def failure(message_id: int | None, text: str) -> dict[str, Any]:
    """The answer to what cannot be done."""
    reply: dict[str, Any] = {"success": False, "error": text}
    return reply if message_id is None else {"id": message_id, **reply}


def hello(model: ServedModel, shared_memory: Mapping[str, Any]) -> dict[str, Any]:
    """What the model is.

    ``freeform_outputs`` is not of the protocol: with it a client can give tensors their names and
    shapes back.
    """
    reply = model.parameters.to_dict()
    for name in ("features_shm", "features_shm_error", "freeform_output_shm"):
        reply.pop(name, None)  # of a process behind this one
    if model.outputs:
        reply["freeform_outputs"] = [
            {"name": output.name, "shape": output.shape} for output in model.outputs
        ]
    return {**reply, **shared_memory}


def described_result(result: InferenceResult, freeform: Any) -> dict[str, Any]:
    """The answer to a window, without ``id`` and ``success``.

    Args:
        result: what the model answered.
        freeform: what stands for its tensors, if it has any.
    """
    if result.freeform is None:
        reply = result.to_dict()
    else:
        from msgspec.structs import replace

        reply = replace(result, freeform=None).to_dict()
        reply["result"]["freeform"] = freeform
    answer = reply["result"]
    if "bounding_boxes" in answer:
        answer["bounding_boxes"] = [box for box in answer["bounding_boxes"] if box["value"]]
    if "visual_anomaly_max" in answer:
        answer.setdefault("anomaly", 0.0)  # an .eim has both
    for track in answer.get("object_tracking", ()):
        track["value"] = track["value"] or 1.0
    return reply
