"""A program under guard, as the host uses it."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from pathlib import Path

from ei_runner_core.authoring import keep_in_forked_child

from ..shared_memory import is_segment_name
from .causes import explain, said
from .places import PrivateFolder
from .supervision import Supervision

__all__ = ["EimProcess"]

_LAST_WORDS_S = 1.0
_LAST_LINES_S = 0.5


class EimProcess:
    """A program that runs under guard; see :meth:`start`.

    It is ended by :meth:`close`, with its last reference, at the end of the interpreter, and by its
    guard when this process is gone. A forked child leaves it alone.
    """

    can_restart = True
    """Whether the same program can be started anew."""

    pid = 0
    """The process id of the program."""

    def __init__(self, supervision: Supervision) -> None:
        self._supervision = supervision
        self._link = supervision.link
        self._output = supervision.output
        self._finalizer = weakref.finalize(self, supervision.close)
        keep_in_forked_child(self)

    @classmethod
    def start(
        cls,
        executable: Path,
        arguments: Sequence[str],
        *,
        folder: PrivateFolder,
        stop_timeout: float,
        stdio: tuple[int, int] | None = None,
    ) -> EimProcess:
        """Start a program under guard.

        Args:
            executable: what :func:`prepare` gave.
            arguments: for the program.
            folder: belongs to the process from now on, and is removed when it is closed.
            stop_timeout: the seconds that the program has to end before it is killed.
            stdio: descriptors that become its input and output; the caller closes its copies.
                Without them the input is empty and the output is logged. Errors are always logged.

        Raises:
            ModelFormatError: the system cannot execute it.
            UnsupportedModelError: what it is started with is missing.
            InvalidInputError: somebody still writes to it.
            BackendUnavailableError: the guard cannot be started, or execution is not allowed.
        """
        supervision = Supervision(executable, folder, stop_timeout)
        process = cls(supervision)
        try:
            process.pid = supervision.start(arguments, stdio)
        except BaseException:
            process.close()
            raise
        return process

    def fileno(self) -> int:
        """Can be read from as soon as the program has ended; -1 once this is closed."""
        return self._link.status

    def has_ended(self) -> bool:
        """Whether the program has ended; asks without waiting."""
        return self.wait(0)

    def wait(self, timeout: float) -> bool:
        """Wait for the end of the program, or of its guard.

        Args:
            timeout: seconds.

        Returns:
            Whether it has ended.
        """
        return bool(self._link.hear("exited", "signal", timeout=timeout)) or self._link.is_silent

    def how_it_ended(self) -> str:
        """A clause that says how it ended, with its last output and what may help.

        It may wait a moment for the end, and for the last output.
        """
        news = self._link.hear("exited", "signal", timeout=_LAST_WORDS_S)
        if news is None and self._link.is_silent:
            return f"has lost its guard process, which was killed{self.what_it_said()}"
        return explain(news, self._output.last_lines(_LAST_LINES_S if news else 0))

    def what_it_said(self) -> str:
        """A clause with the last lines of its output; empty without any."""
        return said(self._output.last_lines())

    def heard(self, line: bytes) -> None:
        """Note what the program printed in between its answers, as a part of its output."""
        self._output.heard(line)

    def owns_segment(self, name: str) -> None:
        """Let a shared-memory segment of the program be removed if the program does not do it.

        Args:
            name: such as ``/shm-0123456789ab``; other names than those of the protocol are ignored.
        """
        if name.startswith("/shm-") and name.isascii() and is_segment_name(name):
            self._supervision.segments.add(name)
            self._link.tell(f"segment {name}")

    def close(self) -> None:
        """End the program and its guard, and remove what they have. Closing twice is legal.

        It takes hardly longer than ``stop_timeout``, whatever the program does.
        """
        self._supervision.close()
        self._finalizer.detach()

    def abandon(self) -> None:
        """Close the copies of a forked child; all else belongs to the parent."""
        self._finalizer.detach()
        self._supervision.abandon()
