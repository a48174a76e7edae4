"""Threads that upload: a bounded number of tasks is on the way at a time."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Pool"]

_PATIENCE = 1.0  # s; for requests that are on their way when the pool stops
_LOOK = 0.5  # s; how often a wait looks up, for systems where it would hide Ctrl-C

Task = TypeVar("Task")
Result = TypeVar("Result")


class Pool(Generic[Task, Result]):
    """Works on tasks in threads; what became of them is fetched in the order of their ends.

    Leaving the ``with`` stops the threads. They are daemons: one that is stuck in a request keeps
    no program from ending.

    Args:
        work: called in a thread of the pool with each task.
        size: how many tasks are worked on at a time.
        abort: called when the pool is left before all is done, to wake threads that wait.
    """

    def __init__(
        self, work: Callable[[Task], Result], size: int, abort: Callable[[], None]
    ) -> None:
        self._work = work
        self._abort = abort
        self._size = size
        self._tasks: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._outcomes: queue.SimpleQueue[tuple[Task, Result | BaseException]] = queue.SimpleQueue()
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []
        self.pending = 0

    @property
    def is_full(self) -> bool:
        """Whether every thread has something to do, and another task ready."""
        return self.pending >= 2 * self._size

    def submit(self, task: Task) -> None:
        """Hand a task to the threads."""
        if len(self._threads) < min(self._size, self.pending + 1):
            thread = threading.Thread(target=self._run, name="ei-runner-upload", daemon=True)
            self._threads.append(thread)
            thread.start()
        self.pending += 1
        self._tasks.put(task)

    def outcome(self) -> tuple[Task, Result | BaseException]:
        """Wait for the next task that is done: what became of it, or the error."""
        while True:
            try:
                found = self._outcomes.get(timeout=_LOOK)
            except queue.Empty:
                continue
            self.pending -= 1
            return found

    def outcomes(self) -> Iterator[tuple[Task, Result | BaseException]]:
        """What is done already, without waiting."""
        with suppress(queue.Empty):
            while True:
                found = self._outcomes.get_nowait()
                self.pending -= 1
                yield found

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stopped.set()
        for _ in self._threads:
            self._tasks.put(None)
        if self.pending:
            self._abort()
        deadline = time.monotonic() + _PATIENCE
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _run(self) -> None:
        while (task := self._tasks.get()) is not None and not self._stopped.is_set():
            try:
                found: Result | BaseException = self._work(task)
            except BaseException as error:  # noqa: BLE001 - raised again where outcomes are read
                found = error
            self._outcomes.put((task, found))
