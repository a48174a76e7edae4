"""What the error codes of an ``.eim`` mean."""

from __future__ import annotations

import re

__all__ = ["CANNOT_STREAM", "code_of", "meaning_of"]

CANNOT_STREAM = -5
_CODE = re.compile(r"error code was (-?\d+)|failed with error (-?\d+)")
_MEANINGS = {
    -1: "the shapes of the model and its input differ",
    -2: "the inference was cancelled",
    -3: "TensorFlow Lite failed",
    -5: "the signal processing failed, or cannot work on slices",
    -6: "there is not enough memory for the tensors",
    -8: "there is not enough memory",
    -9: "the engine takes images only",
    -10: "the engine is not supported on this device",
    -11: "out of memory",
    -17: "TensorRT could not be started",
    -18: "DRP-AI could not be started",
    -19: "DRP-AI failed",
    -20: "the model is too old for this runner: export it again",
    -21: "the last layer of the network is not available",
    -22: "the inference failed",
    -23: "Akida failed",
    -24: "the size of the input is wrong",
    -25: "ONNX Runtime failed",
    -26: "MemryX failed",
    -27: "the accelerator could not be started",
    -28: "the last layer of the network is not supported",
    -29: "the post-processing failed",
    -30: "the normalisation of the features failed",
    -31: "the model gives tensors that the runner has no room for",
    -32: "the model gives tensors of another size than the runner expects",
    -33: "an output of the network is missing",
    -34: "there is no threshold of that name",
    -35: "the runner uses a call that was removed",
    -36: "Nordic Axon failed",
}


def code_of(text: str) -> int | None:
    """The error code in a message of an ``.eim``, if there is one."""
    found = _CODE.search(text)
    return int(found.group(1) or found.group(2)) if found else None


def meaning_of(text: str) -> str:
    """What the code in a message means; empty if there is none, or it is not known."""
    code = code_of(text)
    return _MEANINGS.get(code, "") if code is not None else ""
