"""SIGINT, SIGTERM and SIGHUP end a server, whatever it is doing, and leave nothing behind."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType, TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["StopSignals", "Stopped"]

GRACE_SECONDS = 1.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(KeyboardInterrupt):
    """A signal asks the server to end; it passes everything that Ctrl-C passes.

    ``exit_code`` is the one that an ``.eim`` ends with: 128 and the number of the signal.
    """

    def __init__(self, signal_number: int) -> None:
        super().__init__(f"stopped by signal {signal_number}")
        self.exit_code = 128 + signal_number


class StopSignals:
    """While this is entered, the signals raise :class:`Stopped` in the main thread.

    Python runs a handler only between two steps of its own, but native code may be at work for
    long. So a thread, which learns of the signal at once, waits a moment and then ends the process
    itself. It does so too where the exception came when nobody could care for it.
    """

    def __init__(self) -> None:
        self._removals: list[Callable[[], None]] = []
        self._is_held = False
        self._pending = 0
        self._is_stopped = False
        self._is_done = threading.Event()

    def add_removal(self, remove: Callable[[], None]) -> None:
        """Have something removed at the end; it may be called twice, and from another thread."""
        self._removals.append(remove)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let no signal come between the making of something and the note that it is there."""
        self._is_held = True
        try:
            yield
        finally:
            self._is_held = False
        if self._pending:
            self._stop(self._pending)

    def __enter__(self) -> Self:
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._writer, False)
        self._earlier_wakeup = signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        # who starts a server under nohup means it
        is_kept = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        caught = _SIGNALS[:2] if is_kept else _SIGNALS
        self._earlier = {number: signal.signal(number, self._on_signal) for number in caught}
        self._watcher = threading.Thread(target=self._watch, name="stop-signals")
        self._watcher.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._is_held = True  # from here on a signal can but hasten the end
        self._remove_all()
        for number, handler in self._earlier.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._earlier_wakeup)
        self._is_done.set()
        os.write(self._writer, b"\0")
        self._watcher.join()
        os.close(self._reader)
        os.close(self._writer)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._is_held:
            self._pending = number
        elif not self._is_stopped:
            self._stop(number)

    def _stop(self, number: int) -> None:
        self._is_stopped = True
        raise Stopped(number)

    def _watch(self) -> None:
        number = 0
        while number not in _SIGNALS:
            number = os.read(self._reader, 1)[0]
            if not number:
                return
        if not self._is_done.wait(GRACE_SECONDS):
            self._remove_all()
            os._exit(128 + number)

    def _remove_all(self) -> None:
        for remove in reversed(self._removals):
            with suppress(OSError):
                remove()
