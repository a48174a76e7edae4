"""Keeps a program for a session, and brings it back where that is wanted."""

from __future__ import annotations

from collections.abc import Callable

from ei_runner_core import InferenceError, ProcessDiedError

from .program import RunningEim

__all__ = ["Keeper"]


class Keeper:
    """Holds the running program of a session.

    Args:
        name: of the model, for messages.
        start: starts the program and waits until it is ready.
        may_restart: whether a program that has failed is brought back.
    """

    def __init__(self, name: str, start: Callable[[], RunningEim], may_restart: bool) -> None:
        self.name = name
        self._start = start
        self._why_unusable = ""
        self._last_words = "it was ended"
        self.eim = start()
        self.may_restart = may_restart and self.eim.can_restart

    def check(self) -> None:
        """Refuse to ask a program that is gone.

        Raises:
            InferenceError: the model was closed, or belongs to another process.
            ProcessDiedError: the program has failed before.
        """
        if self._why_unusable:
            raise InferenceError(self._why_unusable)
        if self.eim.has_failed:
            raise ProcessDiedError(
                f"the program of {self.name} has ended before this call: {self._last_words}; open "
                "the model again, or set the option restart to 'on-failure'"
            )

    def remember(self, error: Exception) -> None:
        """Note why the program cannot be used any more, if it cannot."""
        if self.eim.has_failed:
            self._last_words = str(error)

    def restart(self) -> None:
        """Start the program anew.

        Raises:
            InferenceError: somebody else runs it, or the model is closed.
        """
        if self._why_unusable:
            raise InferenceError(self._why_unusable)
        if not self.eim.can_restart:
            raise InferenceError(
                f"{self.name} remembers what it saw, and only who runs it can start it anew"
            )
        self.eim.close()
        self._last_words = "it could not be started again"
        self.eim = self._start()

    def close(self) -> None:
        """End the program. Closing twice is legal."""
        self._why_unusable = self._why_unusable or f"{self.name} is closed: open it again"
        self.eim.close()

    def abandon(self) -> object:
        """Leave the program to the parent of this forked child."""
        self._why_unusable = f"{self.name} was opened in another process: open it again in this one"
        self.eim.abandon()
        return self.eim
