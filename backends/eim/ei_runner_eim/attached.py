"""A program that somebody else runs."""

from __future__ import annotations

__all__ = ["AttachedProgram"]


class AttachedProgram:
    """Stands for what is behind a socket that was there: it is neither started nor ended here."""

    can_restart = False

    def owns_segment(self, name: str) -> None:
        """Who runs it removes its segments."""

    def how_it_ended(self) -> str:
        """A clause that says all that is known."""
        return "has closed the connection; it was started by somebody else: look at its output"

    def what_it_said(self) -> str:
        """Its output goes to who runs it."""
        return "; an .eim serves one client at a time: see whether it has another one"

    def close(self) -> None:
        """It goes on or ends, as it likes, when the connection is closed."""

    def abandon(self) -> None:
        """Nothing is held."""
