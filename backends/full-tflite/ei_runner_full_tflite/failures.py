"""Turning what a runtime says into errors that tell what to do."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ei_runner_core import EdgeImpulseError, ModelFormatError, UnsupportedModelError
from ei_runner_core.authoring import one_line

__all__ = ["ENGINE_ERRORS", "explain_refusal", "missing_operator"]

ENGINE_ERRORS = (ValueError, RuntimeError, MemoryError)
"""What the runtimes raise when something fails inside them."""

_CUSTOM_OP = re.compile(r"unresolved custom op: (\S+?)\.?(?:\s|$)")
_FLEX_OP = re.compile(r"\(Flex(\w+)\) failed to prepare")
_NEWER_OP = re.compile(r"Didn't find op for builtin opcode '(\w+)' version '(\d+)'")
_UNKNOWN_OP = re.compile(r"Op builtin_code out of range: (\d+)")


def missing_operator(error: Exception, name: str, runtime: str) -> UnsupportedModelError | None:
    """The error for a network with an operator that the runtime lacks; None if it is not that.

    Args:
        error: what the runtime raised.
        name: the network.
        runtime: the name of the runtime.
    """
    text = one_line(error)
    upgrade = f"upgrade it with: pip install -U {runtime}"
    if match := _CUSTOM_OP.search(text):
        what = f"the custom operator {match[1]!r}"
        hint = "name the delegate that brings it in the option 'delegates', or export without it"
    elif "Select TensorFlow op" in text:
        match = _FLEX_OP.search(text)
        what = f"TensorFlow's operator {match[1]!r}" if match else "operators of TensorFlow"
        hint = "convert the network with TFLITE_BUILTINS only, without SELECT_TF_OPS"
    elif match := _NEWER_OP.search(text):
        what, hint = f"version {match[2]} of the operator {match[1]}", upgrade
    elif match := _UNKNOWN_OP.search(text):
        what = f"the operator number {match[1]}"
        hint = f"{upgrade}; or export the network again, if it is damaged"
    else:
        return None
    return UnsupportedModelError(f"{name} needs {what}, which {runtime} does not have; {hint}")


def explain_refusal(
    error: Exception, name: str, runtime: str, delegates: Sequence[str] = ()
) -> EdgeImpulseError:
    """The error for a network that the runtime does not take.

    Args:
        error: what the runtime raised.
        name: the network.
        runtime: the name of the runtime.
        delegates: the names of the external delegates that it uses.
    """
    if missing := missing_operator(error, name, runtime):
        return missing
    text = one_line(error)
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
