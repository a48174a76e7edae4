"""Comparing what QNN answers with what the CPU does, when a network was just compiled.

QNN computes some operators wrongly, and says nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ei_runner_core import EdgeImpulseError, Network, UnsupportedModelError
from ei_runner_onnx.engine import Engine, open_engine
from ei_runner_onnx.failures import reason, shortened
from ei_runner_onnx.options import Options
from ei_runner_onnx.runtime import engine_errors

from .known_faults import known_faults
from .noise import make_negative, make_noise

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["check_answers"]

_LOG = logging.getLogger("ei_runner_qnn")
# Shares of the largest value of an output. Each step of a quantised network may round otherwise:
# sound ones were seen to differ by 5 %, where faults make most of a value.
_REFUSED, _WARNED = 0.1, 0.01
_REFUSED_QUANTISED, _WARNED_QUANTISED = 0.3, 0.1
_LEAST_SCALE = 1e-3  # where an output is all zeros but for its rounding
_WAY_OUT = "run it on another backend, or pass self_check=False to take the answers as they are"


class Difference(NamedTuple):
    """The worst value of an output; ``share`` is of the largest one that the CPU gives."""

    share: float
    own: float
    expected: float


def check_answers(network: Network, content: bytes, options: Options, native: Any) -> None:
    """See that a network answers on QNN as on the CPU, for noise, and for what is negative in it.

    What the CPU cannot run is not compared.

    Args:
        network: what was compiled.
        content: its file.
        options: how it was compiled.
        native: ONNX Runtime's session with QNN.

    Raises:
        UnsupportedModelError: an output differs by more than a tenth of its largest value, in a
            quantised network by three tenths.
    """
    failures: tuple[type[Exception], ...] = (EdgeImpulseError, *engine_errors())
    try:
        engine = open_engine(network, replace(options, providers=(), session_options={}))
        noise = make_noise(engine.inputs)
        trials = [(inputs, engine.call(inputs)) for inputs in (noise, make_negative(noise))]
    except failures as error:
        _LOG.debug("%s is not checked, as the CPU cannot run it: %s", network.name, reason(error))
        return
    if _is_random(trials[0][1], engine.call(noise)):
        _LOG.debug("%s is not checked, as its answers are random", network.name)
        return
    runs = [(_answers(network.name, engine, native, inputs), values) for inputs, values in trials]
    for place, spec in enumerate(engine.outputs):
        worst = max(_difference(own[place], values[place]) for own, values in runs)
        _judge(network.name, content, spec.name, worst)


def _is_random(first: Sequence[npt.NDArray[Any]], again: Sequence[npt.NDArray[Any]]) -> bool:
    pairs = zip(first, again, strict=True)
    return any(_difference(own, other).share > _WARNED for own, other in pairs)


def _answers(
    name: str, engine: Engine, native: Any, inputs: Sequence[npt.NDArray[Any]]
) -> Sequence[npt.NDArray[Any]]:
    named = {spec.name: array for spec, array in zip(engine.inputs, inputs, strict=True)}
    try:
        answers: Sequence[npt.NDArray[Any]] = native.run(
            [spec.name for spec in engine.outputs], named
        )
    except engine_errors() as error:
        raise UnsupportedModelError(
            f"QNN fails to run {name}, which the CPU runs: {reason(error)}; {_WAY_OUT}"
        ) from error
    return answers


def _difference(own: npt.NDArray[Any], expected: npt.NDArray[Any]) -> Difference:
    """Where the CPU has no numbers, nothing is compared; where only QNN has none, all is wrong."""
    own, expected = own.astype(np.float64).ravel(), expected.astype(np.float64).ravel()
    if own.size != expected.size:
        return Difference(np.inf, own.size, expected.size)
    counts = np.isfinite(expected)
    own, expected = own[counts], expected[counts]
    if not own.size:
        return Difference(0, 0, 0)
    errors = np.where(np.isfinite(own), np.abs(own - expected), np.inf)
    worst = int(np.argmax(errors))
    scale = max(float(np.abs(expected).max()), _LEAST_SCALE)
    return Difference(float(errors[worst]) / scale, float(own[worst]), float(expected[worst]))


def _judge(name: str, content: bytes, output: str, found: Difference) -> None:
    if found.share <= _WARNED:
        return
    refused, warned = _limits(content)
    if found.share <= warned:
        return
    text = (
        f"the output {shortened(repr(output))} of {name} is {found.own:g} on QNN where the CPU "
        f"gives {found.expected:g}, for an input of noise"
    )
    if found.share <= refused:
        _LOG.warning("%s: %.1f %% of the largest value", text, 100 * found.share)
        return
    faults = ", ".join(known_faults(content))
    known = f" (QNN's emulator is known to compute {faults} wrongly)" if faults else ""
    raise UnsupportedModelError(f"{text}{known}; {_WAY_OUT}")


def _limits(content: bytes) -> tuple[float, float]:
    """From which share on a network is refused, and from which on there is a warning."""
    import onnx

    nodes = onnx.load_model_from_string(content).graph.node
    if any(node.op_type == "DequantizeLinear" for node in nodes):
        return _REFUSED_QUANTISED, _WARNED_QUANTISED
    return _REFUSED, _WARNED
