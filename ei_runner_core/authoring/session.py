"""A session around a native engine: what does not depend on the engine."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from ..contract import TensorSession
from ..errors import EdgeImpulseError, InferenceError
from .checks import check_inputs, one_line
from .forks import keep_in_forked_child

if TYPE_CHECKING:
    import numpy as np

    from ..contract import TensorSpec

__all__ = ["EngineSession"]

Call = Callable[[Sequence["np.ndarray"]], tuple["np.ndarray", ...]]


class EngineSession(TensorSession):
    """A tensor session around a native engine, for backends to derive from.

    It takes one call at a time; those of other threads wait, and so does ``close``. A signal
    handler may close it in the middle of a call of its own thread, which then ends as if nothing
    had happened. In a forked child it is unusable, and the engine is never torn down there. Inputs
    are checked once for each combination of shapes and dtypes.

    Args:
        engine: what holds the native resources; it is let go when the session is closed.
        call: runs the engine on inputs that fit; it must not refer to the session.
        inputs: the inputs of the network.
        outputs: its outputs.
        ready_for: the shapes of the inputs that the engine stands ready for, if it does.
    """

    engine_name: ClassVar[str] = "the engine"
    """Who failed, in the message of an InferenceError."""

    engine_errors: tuple[type[Exception], ...] = (RuntimeError, ValueError, MemoryError)
    """What the engine raises when it fails."""

    def __init__(
        self,
        engine: object,
        call: Call,
        inputs: tuple[TensorSpec, ...],
        outputs: tuple[TensorSpec, ...],
        ready_for: Sequence[tuple[int, ...]] | None = None,
    ) -> None:
        self.inputs = inputs
        self.outputs = outputs
        self._lock = threading.RLock()
        self.engine: Any = engine  # None once the session is closed
        self.call = call
        self._why_unusable = ""
        # The shapes and dtypes that were checked, and that the engine stands ready for.
        self._ready_for: list[tuple[tuple[int, ...], np.dtype[Any]]] | None = None
        if ready_for is not None:
            self._ready_for = _with_dtypes(ready_for, inputs)
        keep_in_forked_child(self)

    def run(self, inputs: Sequence[np.ndarray]) -> tuple[np.ndarray, ...]:
        """Run the network once; see :meth:`ei_runner_core.TensorSession.run`."""
        with self._lock:
            try:
                if [(array.shape, array.dtype) for array in inputs] == self._ready_for:
                    return self.call(inputs)
            except (AttributeError, TypeError):
                pass  # something is no array: the check below says what
            except EdgeImpulseError:
                raise
            except self.engine_errors as error:
                raise self._failure(error) from error
            return self._run_checked(inputs)

    def close(self) -> None:
        """Let the engine go. A run that is under way in another thread is waited for."""
        with self._lock:
            self._drop("the network is closed: open it again")

    def abandon(self) -> object:
        """Become unusable in a forked child; hand out the engine, which must not end there."""
        self._lock = threading.RLock()
        engine = self.engine
        self._drop("the network was opened in another process: open it again in this one")
        return engine

    def run_in_new_shapes(self, inputs: Sequence[np.ndarray]) -> tuple[np.ndarray, ...]:
        """Run on inputs of other shapes than the time before; they fit ``self.inputs``.

        An engine that has to be made ready for new shapes overrides it. It may raise
        ``engine_errors``.
        """
        return self.call(inputs)

    def explain(self, error: Exception) -> str:
        """What an error of the engine says, in one line."""
        return one_line(error)

    def _run_checked(self, inputs: Sequence[np.ndarray]) -> tuple[np.ndarray, ...]:
        if self.engine is None:
            raise InferenceError(self._why_unusable)
        check_inputs(inputs, self.inputs)
        self._ready_for = None
        try:
            outputs = self.run_in_new_shapes(inputs)
        except EdgeImpulseError:
            raise
        except self.engine_errors as error:
            raise self._failure(error) from error
        if self.engine is not None:  # unless a signal handler has closed it meanwhile
            self._ready_for = [(array.shape, array.dtype) for array in inputs]
        return outputs

    def _failure(self, error: Exception) -> InferenceError:
        return InferenceError(f"{self.engine_name} failed: {self.explain(error)}")

    def _drop(self, why: str) -> None:
        self._why_unusable = self._why_unusable or why
        self._ready_for = None
        self.engine = None
        self.call = _no_call


def _with_dtypes(
    shapes: Sequence[tuple[int, ...]], specs: Sequence[TensorSpec]
) -> list[tuple[tuple[int, ...], np.dtype[Any]]]:
    import numpy as np

    return [(shape, np.dtype(spec.dtype)) for shape, spec in zip(shapes, specs, strict=True)]


def _no_call(inputs: Sequence[np.ndarray]) -> tuple[np.ndarray, ...]:
    """Stands where the call of an opened network stood, which would keep it alive."""
    raise InferenceError(f"the network is closed; it got {len(inputs)} inputs")
