"""Turning what a runtime says into errors that tell what to do."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ei_runner_core import EdgeImpulseError, ModelFormatError, UnsupportedModelError

__all__ = ["ENGINE_ERRORS", "explain_refusal", "one_line"]

ENGINE_ERRORS = (ValueError, RuntimeError, MemoryError)
"""What the runtimes raise when something fails inside them."""

_CUSTOM_OP = re.compile(r"unresolved custom op: (\S+?)\.?(?:\s|$)")
_FLEX_OP = re.compile(r"\(Flex(\w+)\) failed to prepare")
_NEWER_OP = re.compile(r"Didn't find op for builtin opcode '(\w+)' version '(\d+)'")
_UNKNOWN_OP = re.compile(r"Op builtin_code out of range: (\d+)")


def explain_refusal(
    error: Exception, name: str, runtime: str, delegates: Sequence[str] = ()
) -> EdgeImpulseError:
    """The error for a network that the runtime does not take.

    Args:
        error: what the runtime raised.
        name: the network.
        runtime: the name of the runtime.
        delegates: the names of external delegates that it uses.
    """
    text = one_line(error)
    if match := _CUSTOM_OP.search(text):
        return UnsupportedModelError(
            f"{name} needs the custom operator {match[1]!r}, which {runtime} does not have; name "
            "the delegate that brings it in the option 'delegates', or export the network without "
            "it"
        )
    if "Select TensorFlow op" in text:
        match = _FLEX_OP.search(text)
        which = f"TensorFlow's operator {match[1]!r}" if match else "operators of TensorFlow"
        return UnsupportedModelError(
            f"{name} needs {which} (SELECT_TF_OPS), which {runtime} does not have; convert the "
            "network with TFLITE_BUILTINS only"
        )
    if match := _NEWER_OP.search(text):
        return UnsupportedModelError(
            f"{name} needs version {match[2]} of the operator {match[1]}, which {runtime} does "
            f"not have; upgrade it with: pip install -U {runtime}"
        )
    if match := _UNKNOWN_OP.search(text):
        return UnsupportedModelError(
            f"{name} needs the operator number {match[1]}, which {runtime} does not know; upgrade "
            f"it with: pip install -U {runtime}, or export the network again if it is damaged"
        )
    if delegates:
        return UnsupportedModelError(
            f"{runtime} cannot load {name} with the delegate {', '.join(delegates)}: {text}; try "
            "it without, or see the delegate's documentation for what it takes"
        )
    if "xnnpack" in text.lower():
        return UnsupportedModelError(
            f"XNNPACK cannot run {name}: {text}; export the network again, or try the option "
            "default_delegates=False"
        )
    return ModelFormatError(f"{runtime} cannot load {name}: {text}; export the network again")


def one_line(error: Exception) -> str:
    """The message of an error without its line breaks; never empty."""
    return " ".join(str(error).split()) or type(error).__name__
