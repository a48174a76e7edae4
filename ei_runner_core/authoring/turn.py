"""One call at a time, and clear errors for whatever goes wrong in it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from threading import get_ident
from typing import TYPE_CHECKING, TypeVar

from ..errors import EdgeImpulseError, InferenceError

__all__ = ["Turn"]

if TYPE_CHECKING:
    from typing_extensions import TypeVarTuple, Unpack

    Ts = TypeVarTuple("Ts")
T = TypeVar("T")


class Turn:
    """Lets one thread work at a time; the others wait.

    The thread that works may not start a second call, which could only happen in a signal handler
    or a finalizer and would spoil the buffers of the first one; but it may close. Just before and
    after its work a handler may do all: the lock lets its own thread in.

    An interrupt can strike between any two steps. So nothing is undone by hand but the owner, who
    counts only while the lock is taken, and the lock itself is in the hands of ``with``.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._owner = 0

    def run(self, work: Callable[[Unpack[Ts]], T], *arguments: Unpack[Ts]) -> T:
        """Do some work when it is this thread's turn.

        Raises:
            InferenceError: this thread is at work already, or the work failed with an error that
                the library does not know.
        """
        thread = get_ident()
        if self._owner == thread and self._is_held():
            raise InferenceError(
                "the model was called while it was working in the same thread, from a signal "
                "handler or a finalizer: do that after the call"
            )
        with self._lock:
            try:
                self._owner = thread
                return work(*arguments)
            except EdgeImpulseError:
                raise
            except Exception as error:
                raise InferenceError(
                    f"the inference failed: {type(error).__name__}: {error}"
                ) from error
            finally:
                self._owner = 0

    def close(self, work: Callable[[], None]) -> None:
        """Close what the calls work on, after the call of another thread, or within one's own."""
        if self._is_own():
            work()
            return
        with self._lock:
            try:
                self._owner = get_ident()
                work()
            finally:
                self._owner = 0

    def _is_own(self) -> bool:
        return self._owner == get_ident() and self._is_held()

    def _is_held(self) -> bool:
        """Whether this thread has the lock: an interrupt may have left the owner behind."""
        return self._lock._is_owned()  # type: ignore[attr-defined, no-any-return]  # noqa: SLF001
