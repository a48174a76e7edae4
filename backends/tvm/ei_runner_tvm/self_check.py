"""Comparing what TVM answers with what another engine does, when a network was just compiled.

TVM reads and computes some operators wrongly, and says nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from ei_runner_core import (
    EdgeImpulseError,
    InferenceError,
    Network,
    TensorSession,
    TensorSpec,
    UnsupportedModelError,
)
from ei_runner_core.authoring import (
    Trial,
    installed_tensor_backends,
    make_trials,
    open_network,
)

from .messages import reason, shortened
from .tolerances import NEGLIGIBLE, Pair, find_difference, limits_for

__all__ = ["check_answers"]

_LOG = logging.getLogger("ei_runner_tvm")
_TRUSTED = {".tflite": "full-tflite", ".onnx": "onnx"}


def check_answers(network: Network, session: TensorSession) -> None:
    """See that a network answers as on the engine of its format, for noise.

    Where that engine is not installed or does not run it, nothing is compared.

    Args:
        network: what was compiled.
        session: what TVM made of it.

    Raises:
        UnsupportedModelError: an output has another shape or other values, or there is none.
    """
    trusted = _TRUSTED[network.format]
    trials = _trials(network, trusted, session.inputs)
    if not trials:
        return
    try:
        own = [session.run(trial.inputs) for trial in trials]
    except InferenceError as error:
        problem = f"TVM fails to run {network.name}, which {trusted} runs: {reason(error)}"
        raise _refusal(problem, trusted) from error
    for place, spec in enumerate(session.outputs):
        expected = [trial.expected[place] for trial in trials]
        pairs = list(zip((answers[place] for answers in own), expected, strict=True))
        _judge(network, trusted, spec, pairs)


def _trials(network: Network, trusted: str, inputs: Sequence[TensorSpec]) -> list[Trial]:
    if trusted not in installed_tensor_backends(network.format):
        _LOG.debug("%s is not checked: %s is not installed", network.name, trusted)
        return []
    try:
        with open_network(trusted, network) as reference:
            trials = make_trials(inputs, reference.run)
    except EdgeImpulseError as error:
        _LOG.debug("%s is not checked: %s says %s", network.name, trusted, reason(error))
        return []
    if not trials:
        _LOG.debug("%s is not checked, as its answers are random", network.name)
    return trials


def _judge(network: Network, trusted: str, spec: TensorSpec, pairs: Sequence[Pair]) -> None:
    shown = f"the output {shortened(repr(spec.name), 200)} of {network.name}"
    own, expected = pairs[0]
    if own.shape != expected.shape:
        text = f"{shown} has the shape {own.shape} on TVM and {expected.shape} on {trusted}"
        raise _refusal(text, trusted)
    found = find_difference(pairs)
    if found.share <= NEGLIGIBLE:
        return
    limits = limits_for(network, spec.dtype)
    text = (
        f"{shown} is {found.own:g} on TVM where {trusted} gives {found.expected:g}, for an input "
        "of noise"
    )
    if found.share > limits.refused:
        raise _refusal(text, trusted)
    if found.share > limits.warned:
        _LOG.warning("%s", text)


def _refusal(problem: str, trusted: str) -> UnsupportedModelError:
    return UnsupportedModelError(
        f"{problem}; run it with the backend {trusted}, or pass self_check=False to take the "
        "answers as they are"
    )
