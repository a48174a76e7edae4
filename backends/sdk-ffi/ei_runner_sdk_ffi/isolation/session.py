"""A model in a worker process, as the core uses it."""

from __future__ import annotations

import time
import weakref
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ei_runner_core import (
    BlockThresholds,
    ImpulseSession,
    InferenceError,
    InferenceResult,
    InvalidInputError,
)
from ei_runner_core.authoring import Turn, keep_in_forked_child, one_line

from .answers import Answer
from .dialogue import Dialogue
from .wire import framed

__all__ = ["IsolatedSession", "open_isolated"]

FloatArray = npt.NDArray[np.float32]


def open_isolated(
    target: str,
    arguments: Mapping[str, Any],
    *,
    timeout: float,
    start_timeout: float,
    stop_timeout: float = 5.0,
    restart: Literal["never", "on-failure"] = "never",
    name: str,
) -> IsolatedSession:
    """Open a model in a process of its own.

    Args:
        target: the function that opens it there, as ``"module:function"``; it returns an opened
            :class:`ei_runner_core.ImpulseSession`. What can be imported here can be there.
        arguments: what it is called with, by name: numbers, text, bytes, lists, mappings
            and arrays (a path that is no Unicode as bytes).
        timeout: the seconds that a call may take; then the process is killed.
        start_timeout: the seconds from the start of the process until the model is open.
        stop_timeout: the seconds that the process has to end by itself when the model is closed.
        restart: whether the call after a failure starts another process or is refused.
        name: of the model, for messages.

    Raises:
        BackendUnavailableError: no process can be started.
        InvalidInputError: an argument is of another kind.
        DeadlineError: it was not open in time.
        ProcessDiedError: the process ended instead.
        EdgeImpulseError: whatever the function raised; InferenceError for other exceptions.
    """
    limits = _Limits(timeout, start_timeout, stop_timeout, restart == "on-failure")
    return IsolatedSession(target, dict(arguments), limits, name)


@dataclass(frozen=True)
class _Limits:
    """Seconds that things may take, and what happens after they took longer."""

    call: float
    start: float
    stop: float
    may_restart: bool


class IsolatedSession(ImpulseSession):
    """A model in a process of its own; made by :func:`open_isolated`."""

    def __init__(
        self, target: str, arguments: Mapping[str, Any], limits: _Limits, name: str
    ) -> None:
        self._opening = _framed("open", target, arguments)
        self._limits = limits
        self._name = name
        self._turn = Turn()
        self._why_unusable = ""
        self._dialogue = Dialogue(name)
        self._turn.run(self._open, self._dialogue)

    def classify(self, window: FloatArray, debug: bool = False) -> InferenceResult:
        """Answer one window; see :meth:`ei_runner_core.ImpulseSession.classify`."""
        return self._turn.run(self._classify, "classify", window, debug)

    def classify_continuous(self, piece: FloatArray, debug: bool = False) -> InferenceResult:
        """Answer the window that ends with this slice."""
        return self._turn.run(self._classify, "classify_continuous", piece, debug)

    def reset(self) -> None:
        """Forget what earlier windows and slices left behind."""
        self._turn.run(self._ask, "reset")

    def freeform(
        self, inputs: Sequence[np.ndarray] | Mapping[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        """Run a model that has no fixed meaning: tensors in, all output tensors by name out."""
        return self._turn.run(self._freeform, inputs)

    @property
    def thresholds(self) -> tuple[BlockThresholds, ...]:
        """The values that can be changed while the model runs, as they are now."""
        return self._dialogue.thresholds

    def set_threshold(self, block_id: int, **values: float) -> None:
        """Change values of one block; see :meth:`ei_runner_core.ImpulseSession.set_threshold`."""
        self._turn.run(self._ask, "set_threshold", block_id, values)

    def close(self) -> None:
        """End the process, after the call that is being worked on. Closing twice is legal."""
        self._turn.close(self._close)

    def abandon(self) -> object:
        """Become unusable in a forked child; the process belongs to the parent."""
        self._turn = Turn()
        self._finalizer.detach()
        self._why_unusable = (
            f"{self._name} was opened in another process: open it again in this one"
        )
        self._dialogue.abandon()
        return self._dialogue

    def _open(self, dialogue: Dialogue, earlier: Sequence[BlockThresholds] = ()) -> None:
        """Start a worker, in which the thresholds are as they were in an earlier one."""
        finalizer = self._finalizer = weakref.finalize(self, dialogue.end, self._limits.stop)
        keep_in_forked_child(self)
        try:
            opened = dialogue.open(self._opening, self._limits.start)
            for block_id, values in _changed(earlier, dialogue.thresholds):
                dialogue.ask(_framed("set_threshold", block_id, values), self._limits.call)
        except BaseException:
            dialogue.end(0)
            finalizer.detach()
            raise
        self.impulse, self.parameters = opened.impulse, opened.parameters
        self.inputs, self.outputs = opened.inputs, opened.outputs
        self.refuses_non_finite = opened.refuses_non_finite
        self._dialogue = dialogue

    def _ready(self) -> Dialogue:
        """The worker to ask; it is started anew where that is needed and wanted."""
        if self._why_unusable:
            raise InferenceError(self._why_unusable)
        if self._limits.may_restart and not self._dialogue.is_usable:
            self._dialogue.end(0)
            self._finalizer.detach()
            self._open(Dialogue(self._name), self._dialogue.thresholds)
        self._dialogue.check()
        return self._dialogue

    def _ask(self, *request: object) -> Answer:
        return self._ready().ask(_framed(*request), self._limits.call)

    def _classify(self, how: str, window: FloatArray, debug: bool) -> InferenceResult:
        dialogue = self._ready()
        begin = time.perf_counter_ns()
        request = framed((how, window.size, debug))
        result = dialogue.ask(request, self._limits.call, window).result
        assert result is not None  # noqa: S101 - for the type checker
        return result.told_after((time.perf_counter_ns() - begin) // 1000)

    def _freeform(
        self, inputs: Sequence[np.ndarray] | Mapping[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        tensors = dict(inputs) if isinstance(inputs, Mapping) else inputs
        return self._ask("freeform", tensors).tensors or {}

    def _close(self) -> None:
        self._why_unusable = self._why_unusable or f"{self._name} is closed: open it again"
        self._dialogue.end(self._limits.stop)
        self._finalizer.detach()


def _framed(*request: object) -> bytes:
    try:
        return framed(request)
    except (TypeError, ValueError, OverflowError) as error:  # also text that is no Unicode
        raise InvalidInputError(
            f"a value for {request[0]} cannot be sent to the model's process: {one_line(error)}"
        ) from error


def _changed(
    wanted: Sequence[BlockThresholds], now: Sequence[BlockThresholds]
) -> Iterator[tuple[int, dict[str, float]]]:
    """The values of each block that are not what they should be, with what they should be."""
    fresh = {block.id: block.values for block in now}
    for block in wanted:
        values = {k: v for k, v in block.values.items() if fresh[block.id][k] != v}
        if values:
            yield block.id, values
