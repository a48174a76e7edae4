"""One call at a time, and clear errors for whatever goes wrong in it."""

from __future__ import annotations

import threading
from types import TracebackType

from ..errors import EdgeImpulseError, InferenceError

__all__ = ["Turn"]


class Turn:
    """A lock for ``with`` around one call of a session.

    Other threads wait. The thread that holds it may not start a second call, which could only
    happen in a signal handler or a finalizer and would spoil the buffers of the first one; but it
    may take ``lock`` itself, to close the session there. An error that the library does not know
    becomes an :class:`InferenceError`.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._is_taken = False

    def __enter__(self) -> None:
        self.lock.acquire()
        if self._is_taken:
            self.lock.release()
            raise InferenceError(
                "the model was called while it was working in the same thread, from a signal "
                "handler or a finalizer: do that after the call"
            )
        self._is_taken = True

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._is_taken = False
        self.lock.release()
        if isinstance(error, Exception) and not isinstance(error, EdgeImpulseError):
            raise InferenceError(
                f"the inference failed: {type(error).__name__}: {error}"
            ) from error
