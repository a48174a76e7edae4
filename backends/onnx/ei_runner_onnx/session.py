"""An opened network."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from ei_runner_core import EdgeImpulseError, InferenceError, TensorSession
from ei_runner_core.authoring import check_inputs, keep_in_forked_child

from .calls import Arrays, Call
from .engine import Engine
from .failures import reason
from .runtime import engine_errors

__all__ = ["OnnxSession"]


class OnnxSession(TensorSession):
    """A network in ONNX Runtime. Calls from several threads wait for each other."""

    def __init__(self, engine: Engine) -> None:
        self.inputs = engine.inputs
        self.outputs = engine.outputs
        self._lock = threading.RLock()
        self._why_unusable = ""
        self._engine: Engine | None = engine
        self._call: Call = engine.call
        # What the checks have let pass before; it need not be checked again.
        self._known: list[tuple[tuple[int, ...], np.dtype[Any]]] | None = None
        keep_in_forked_child(self)

    def run(self, inputs: Sequence[np.ndarray]) -> Arrays:
        """Run the network once, as :meth:`ei_runner_core.TensorSession.run` says.

        An input with dynamic dimensions may come in another shape each time.
        """
        with self._lock:
            try:
                if [(array.shape, array.dtype) for array in inputs] != self._known:
                    self._check(inputs)
                return self._call(inputs)
            except (AttributeError, TypeError):  # something is no array
                self._check(inputs)
                raise
            except EdgeImpulseError:
                raise
            except engine_errors() as error:
                raise InferenceError(f"ONNX Runtime failed: {reason(error)}") from error

    def close(self) -> None:
        """Free the network. A run that is under way in another thread is waited for.

        A signal handler may close in the middle of a run of its own thread, which then ends as if
        nothing had happened.
        """
        with self._lock:
            self._drop("the network is closed: open it again")

    def abandon(self) -> object:
        """Become unusable in a forked child; hand out the objects that must not end there."""
        self._lock = threading.RLock()
        engine = self._engine
        self._drop("the network was opened in another process: open it again in this one")
        return engine

    def _drop(self, why: str) -> None:
        self._why_unusable = self._why_unusable or why
        self._known = None
        self._engine = None
        self._call = _no_call

    def _check(self, inputs: Sequence[np.ndarray]) -> None:
        if self._engine is None:
            raise InferenceError(self._why_unusable)
        check_inputs(inputs, self.inputs)
        self._known = [(array.shape, array.dtype) for array in inputs]


def _no_call(inputs: Sequence[np.ndarray]) -> Arrays:
    """Stands where the call of an opened network stood, which would keep it alive."""
    raise InferenceError(f"the network is closed; it got {len(inputs)} inputs")
