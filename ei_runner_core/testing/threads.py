"""Work in several threads, with a deadline that a deadlock cannot outlast."""

from __future__ import annotations

import threading
from collections.abc import Callable

__all__ = ["PATIENCE", "Worker"]

PATIENCE = 60.0


class Worker:
    """A function that runs in a thread of its own from the moment that this is made."""

    def __init__(self, work: Callable[[], object]) -> None:
        self._error: BaseException | None = None
        self._work = work
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def finish(self) -> None:
        """Wait for its end, at most a minute; whatever it raised is raised here."""
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive(), f"a thread still works after {PATIENCE:g} s"
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            self._work()
        except BaseException as error:  # noqa: BLE001 - it is raised where the end is waited for
            self._error = error
