"""Telling how far the work has come."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["OnProgress", "Steps"]

OnProgress = Callable[[int, int], object]
"""Is called with how many steps are done, and how many there are in all."""


class Steps:
    """Counts steps, and tells each."""

    def __init__(self, total: int, on_progress: OnProgress | None = None) -> None:
        self._done = 0
        self._total = total
        self._on_progress = on_progress

    def advance(self) -> None:
        """One more is done."""
        self._done += 1
        if self._on_progress is not None:
            self._on_progress(self._done, self._total)
