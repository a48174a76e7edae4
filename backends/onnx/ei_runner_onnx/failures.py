"""Turning what ONNX Runtime says into errors that tell what to do."""

from __future__ import annotations

import re

from ei_runner_core import EdgeImpulseError, ModelFormatError, UnsupportedModelError
from ei_runner_core.authoring import one_line

__all__ = ["explain_refusal", "reason", "shortened"]

_PREFIX = re.compile(r"\[ONNXRuntimeError\] : \d+ : \w+ : ")
# A place in the C++ code, mostly with the function's signature behind it.
_PLACE = re.compile(r"\S+\.(?:cc|h|cpp|hpp):\d+ (?:.*?\)(?: const)? (?=\S)|\w+ )?")
_UPGRADE = "upgrade it with: pip install -U onnxruntime"

_LONGEST_VALUE, _LONGEST_REASON = 200, 600

_TOO_NEW = ("max supported IR version", "is under development and support for this is limited")
_NO_OPERATOR = (
    "No Op registered for",
    "is not a registered function/op",
    "No opset import for domain",
    "Could not find an implementation for",
)
_NO_TYPE = "is not currently registered or supported"


def shortened(text: str, length: int = _LONGEST_VALUE) -> str:
    """A text from a file or from the user, as far as it suits a message."""
    return text if len(text) <= length else f"{text[:length]}..."


def reason(error: BaseException) -> str:
    """What an error says, in one line and without its places in the C++ code; never empty."""
    text = _PLACE.sub("", _PREFIX.sub("", one_line(error)))
    return shortened(text.strip(" .;") or type(error).__name__, _LONGEST_REASON)


def explain_refusal(error: Exception, name: str, version: str) -> EdgeImpulseError:
    """The error for a network that ONNX Runtime does not take.

    Args:
        error: what it raised.
        name: the network.
        version: the version of ONNX Runtime.
    """
    text = reason(error)
    start = f"ONNX Runtime {version} cannot load {name}: {text}"
    if any(phrase in text for phrase in _TOO_NEW):
        return UnsupportedModelError(f"{start}; {_UPGRADE}, or export for an older opset")
    if any(phrase in text for phrase in _NO_OPERATOR):
        return UnsupportedModelError(
            f"{start}; name the library that brings the operator in the option 'custom_ops', or "
            f"{_UPGRADE}"
        )
    if _NO_TYPE in text:
        return UnsupportedModelError(f"{start}; export the network with another type")
    return ModelFormatError(f"{start}; export the network again")
