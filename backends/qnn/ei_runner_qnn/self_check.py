"""Comparing what QNN answers with what the CPU does, when a network was just compiled.

QNN computes some operators wrongly, and says nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ei_runner_core import EdgeImpulseError, Network, UnsupportedModelError
from ei_runner_core.authoring import Difference, make_trials, worst_difference
from ei_runner_onnx.engine import Engine, open_engine
from ei_runner_onnx.failures import reason, shortened
from ei_runner_onnx.options import Options
from ei_runner_onnx.runtime import engine_errors

from .known_faults import known_faults

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["check_answers"]

_LOG = logging.getLogger("ei_runner_qnn")
# Shares of the largest value of an output. Each step of a quantised network may round otherwise:
# sound ones were seen to differ by 5 %, where faults make most of a value.
_REFUSED, _WARNED = 0.1, 0.01
_REFUSED_QUANTISED, _WARNED_QUANTISED = 0.3, 0.1
_WAY_OUT = "run it on another backend, or pass self_check=False to take the answers as they are"


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
        trials = make_trials(engine.inputs, engine.call)
    except failures as error:
        _LOG.debug("%s is not checked, as the CPU cannot run it: %s", network.name, reason(error))
        return
    if not trials:
        _LOG.debug("%s is not checked, as its answers are random", network.name)
        return
    own = [_answers(network.name, engine, native, trial.inputs) for trial in trials]
    for place, spec in enumerate(engine.outputs):
        pairs = zip(own, (trial.expected for trial in trials), strict=True)
        worst = max(worst_difference(mine[place], right[place]) for mine, right in pairs)
        _judge(network.name, content, spec.name, worst)


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
