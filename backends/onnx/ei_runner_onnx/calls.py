"""Running an opened network, by the way that is fastest for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .runtime import engine_errors

__all__ = ["LARGEST_BOUND", "Arrays", "Call", "bound_call", "plain_call"]

Arrays = tuple[np.ndarray, ...]
Call = Callable[[Sequence[np.ndarray]], Arrays]

LARGEST_BOUND = 16 * 1024
"""Tensors of so many bytes together are copied faster than ONNX Runtime wraps them."""


def plain_call(session: Any, inputs: Sequence[str], outputs: Sequence[str]) -> Call:
    """Hands over the caller's arrays, and gives out those that ONNX Runtime makes.

    Args:
        session: ONNX Runtime's.
        inputs: the names of the inputs, in the order of the arrays.
        outputs: the names of the outputs that are wanted.
    """
    run, wanted = session.run, list(outputs)
    if not set(inputs).isdisjoint(outputs):
        return _copying_call(run, inputs, wanted)

    def call(arrays: Sequence[np.ndarray]) -> Arrays:
        return tuple(run(wanted, dict(zip(inputs, arrays))))  # noqa: B905 - they were counted

    return call


def _copying_call(run: Callable[..., Any], inputs: Sequence[str], wanted: list[str]) -> Call:
    """For an output that is an input: older versions hand out the memory of the caller's array."""

    def call(arrays: Sequence[np.ndarray]) -> Arrays:
        answers = run(wanted, dict(zip(inputs, arrays)))  # noqa: B905 - they were counted
        return tuple(answer.copy() for answer in answers)

    return call


def bound_call(
    session: Any, inputs: Sequence[str], samples: Sequence[np.ndarray], answers: dict[str, Any]
) -> Call:
    """Copies into and out of buffers that the network is bound to: saves much of a small call.

    Args:
        session: ONNX Runtime's, with nothing but the CPU.
        inputs: the names of the inputs.
        samples: arrays of the only shapes that the inputs can have.
        answers: outputs for them by name, of the only shapes that the outputs can have.
    """
    plain = plain_call(session, inputs, list(answers))
    sources = [np.zeros_like(sample, order="C") for sample in samples]
    targets = [np.empty_like(answer, order="C") for answer in answers.values()]
    binding = session.io_binding()
    for name, source in zip(inputs, sources, strict=True):
        binding.bind_cpu_input(name, source)
    for name, target in zip(answers, targets, strict=True):
        binding.bind_output(name, "cpu", 0, target.dtype, target.shape, target.ctypes.data)
    run, copy = session.run_with_iobinding, np.copyto
    free = [binding]
    if len(sources) == len(targets) == 1:
        return _one_to_one(plain, run, free, sources[0], targets[0])

    def call(arrays: Sequence[np.ndarray]) -> Arrays:
        try:
            mine = free.pop()
        except IndexError:  # a signal handler calls in the middle of a call of its own thread
            return plain(arrays)
        try:
            for source, array in zip(sources, arrays):  # noqa: B905 - they were counted
                copy(source, array)
            run(mine)
            return tuple([target.copy() for target in targets])
        except engine_errors():  # outputs that have another shape than the network declares
            return plain(arrays)
        finally:
            free.append(mine)

    return call


def _one_to_one(
    plain: Call, run: Callable[[Any], None], free: list[Any], source: np.ndarray, target: np.ndarray
) -> Call:
    """The usual case without its loops, which would cost as much as a tiny network itself."""
    copy, output = np.copyto, target.copy

    def call(arrays: Sequence[np.ndarray]) -> Arrays:
        try:
            mine = free.pop()
        except IndexError:
            return plain(arrays)
        try:
            copy(source, arrays[0])
            run(mine)
            return (output(),)
        except engine_errors():
            return plain(arrays)
        finally:
            free.append(mine)

    return call
