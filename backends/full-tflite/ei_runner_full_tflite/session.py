"""An opened network."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from ei_runner_core import InferenceError, TensorSession
from ei_runner_core.authoring import check_inputs, keep_in_forked_child, one_line

from .engine import Engine
from .failures import ENGINE_ERRORS
from .graphs import Call

__all__ = ["FullTfliteSession"]

Arrays = tuple[np.ndarray, ...]


class FullTfliteSession(TensorSession):
    """A network in LiteRT or tflite-runtime. Calls from several threads wait for each other."""

    def __init__(self, engine: Engine) -> None:
        self.inputs = engine.inputs
        self.outputs = engine.outputs
        self._lock = threading.RLock()
        self._why_unusable = ""
        self._engine: Engine | None = engine
        shapes = engine.warm_up()
        self._call: Call = engine.call
        # What `_call` may be called with; None when the engine has to be asked first.
        self._ready_for: list[tuple[tuple[int, ...], np.dtype[Any]]] | None = None
        if shapes is not None:
            self._ready_for = [
                (shape, np.dtype(spec.dtype))
                for shape, spec in zip(shapes, self.inputs, strict=True)
            ]
        keep_in_forked_child(self)

    def run(self, inputs: Sequence[np.ndarray]) -> Arrays:
        """Run the network once, as :meth:`ei_runner_core.TensorSession.run` says.

        An input with dynamic dimensions may come in another shape than the time before; making
        the network ready for it costs more than a run.
        """
        with self._lock:
            try:
                if [(array.shape, array.dtype) for array in inputs] == self._ready_for:
                    return self._call(inputs)
            except (AttributeError, TypeError):
                pass  # something is no array: the check below says what
            except ENGINE_ERRORS as error:
                raise _failure(error) from error
            return self._run_resized(inputs)

    def close(self) -> None:
        """Free the network. A run that is under way in another thread is waited for.

        A signal handler may close in the middle of a run of its own thread, which then ends as if
        nothing had happened.
        """
        with self._lock:
            self._drop("the network is closed: open it again")

    def abandon(self) -> object:
        """Become unusable in a forked child; hand out the object that must not end there."""
        self._lock = threading.RLock()
        interpreter = self._engine.interpreter if self._engine else None
        self._drop("the network was opened in another process: open it again in this one")
        return interpreter

    def _drop(self, why: str) -> None:
        self._why_unusable = self._why_unusable or why
        self._ready_for = None
        self._engine = None
        self._call = _no_call

    def _run_resized(self, inputs: Sequence[np.ndarray]) -> Arrays:
        if self._engine is None:
            raise InferenceError(self._why_unusable)
        check_inputs(inputs, self.inputs)
        self._ready_for = None
        try:
            outputs = self._engine.run_resized(inputs)
        except ENGINE_ERRORS as error:
            raise _failure(error) from error
        finally:
            self._call = self._engine.call
        self._ready_for = [(array.shape, array.dtype) for array in inputs]
        return outputs


def _failure(error: Exception) -> InferenceError:
    return InferenceError(f"the TensorFlow Lite runtime failed: {one_line(error)}")


def _no_call(inputs: Sequence[np.ndarray]) -> Arrays:
    """Stands where the call of an opened network stood, which would keep it alive."""
    raise InferenceError(f"the network is closed; it got {len(inputs)} inputs")
