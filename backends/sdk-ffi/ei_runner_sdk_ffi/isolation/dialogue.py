"""Questions to a worker and its answers, each within its time."""

from __future__ import annotations

import os
import select
import time
from typing import NoReturn

import numpy as np
import numpy.typing as npt

from ei_runner_core import BlockThresholds, DeadlineError, ProcessDiedError

from .answers import Answer, Opened, read_answer
from .memory import map_window
from .process import Expired, WorkerProcess
from .wire import HEADER_SIZE, body_size, error_of, framed

__all__ = ["Dialogue"]

_CHUNK = 1 << 16
_SENT_AT_ONCE = 1 << 12  # bytes: the system takes so few all or not at all
_LAST_WORDS_S = 2.0
_NOTHING = np.empty(0, np.float32)
_ADVICE = "open the model again, or set the option restart to 'on-failure'"


class Dialogue:
    """Asks one worker. One thread at a time may call a method.

    An interrupt may strike anywhere, also when bytes have come and nobody knows of them yet. So the
    call after one first lets the worker send a token: what comes before that is of earlier calls.
    Only a request so long that it is sent in pieces cannot be taken up again.

    Args:
        name: of the model, for messages.
    """

    thresholds: tuple[BlockThresholds, ...] = ()
    """What the worker told last."""

    why_ended = ""
    """A clause that says why the worker cannot be asked any more; empty while it can."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._process = WorkerProcess(name)
        self._window = _NOTHING
        self._incoming = bytearray()
        self._is_unsettled = False  # an answer, or a part of one, may still come
        self._is_torn = False  # a part of a request was sent

    def open(self, request: bytes, timeout: float) -> Opened:
        """Start the worker and let it open a model; arguments and errors as of :meth:`ask`."""
        deadline = time.monotonic() + timeout
        self._process.start()
        try:
            answer = self._exchange(request, deadline)
        except Expired:
            self._end_late(f"did not open within {timeout:g} s", "start_timeout")
        except OSError:
            self._end_dead()
        opened = _checked(answer).opened
        assert opened is not None  # noqa: S101 - for the type checker
        self._window = map_window(self._process.memory.fileno(), opened.parameters)
        return opened

    def ask(
        self, request: bytes, timeout: float, window: npt.NDArray[np.float32] | None = None
    ) -> Answer:
        """Ask and wait for the answer.

        Args:
            request: as it is sent.
            timeout: seconds. A worker that takes longer is ended.
            window: what to put into the shared memory, float32, shape (values,).

        Raises:
            EdgeImpulseError: what the worker answered with.
            DeadlineError: it did not answer in time.
            ProcessDiedError: it ended.
        """
        deadline = time.monotonic() + timeout
        try:
            if self._is_unsettled:
                self._settle(deadline)
            if window is not None:
                self._window[: window.size] = window
            answer = self._exchange(request, deadline)
        except Expired:
            self._end_late(f"did not answer within {timeout:g} s", "timeout")
        except OSError:
            self._end_dead()
        return _checked(answer)

    @property
    def is_usable(self) -> bool:
        """Whether the worker can be asked, as far as is known."""
        return not (self.why_ended or self._is_torn)

    def check(self) -> None:
        """Refuse to ask a worker that is gone.

        Raises:
            ProcessDiedError: it is gone.
        """
        if self._is_torn:
            self.end(0, "was ended as an interrupt cut a message into two")
        if self.why_ended:
            raise ProcessDiedError(
                f"the process of {self._name} is gone since an earlier call: it {self.why_ended}; "
                f"{_ADVICE}{self._process.last_words}"
            )

    def end(self, patience: float, why: str = "was ended") -> None:
        """End the worker, kill it after ``patience`` seconds, and note why. Twice is legal."""
        self.why_ended = self.why_ended or why
        self._process.end(patience)
        self._window = _NOTHING  # so that it is not mapped any more

    def abandon(self) -> None:
        """Leave the worker to the parent of this forked child."""
        self._process.abandon()

    def _exchange(self, request: bytes, deadline: float) -> Answer:
        self._is_unsettled = True
        self._send(request, deadline)
        size = HEADER_SIZE
        while len(self._incoming) < size:
            self._take(deadline)
            if len(self._incoming) >= HEADER_SIZE:
                size = HEADER_SIZE + body_size(self._incoming)
        body, self._incoming = memoryview(self._incoming)[HEADER_SIZE:], bytearray()
        answer = read_answer(body)
        if answer.thresholds is not None:
            self.thresholds = answer.thresholds
        self._is_unsettled = False
        return answer

    def _settle(self, deadline: float) -> None:
        """Drop what still comes of an interrupted call, which may have changed thresholds."""
        token = os.urandom(16)
        self._send(framed(("echo", token)), deadline)
        while not self._incoming.endswith(token):
            self._take(deadline)
        self._incoming = bytearray()
        self._exchange(framed(("tell",)), deadline)

    def _send(self, request: bytes, deadline: float) -> None:
        self._is_torn = len(request) > _SENT_AT_ONCE
        rest = memoryview(request)
        while rest:
            try:
                rest = rest[self._process.socket.send(rest) :]
            except BlockingIOError:  # noqa: PERF203 - each part may find no room
                self._process.wait(deadline, select.POLLOUT)
        self._is_torn = False

    def _take(self, deadline: float) -> None:
        self._process.wait(deadline)
        data = self._process.socket.recv(_CHUNK)
        if not data:
            raise ConnectionError
        self._incoming += data

    def _end_late(self, what: str, option: str) -> NoReturn:
        self.end(0, what)
        raise DeadlineError(
            f"{self._name} {what}, so its process was ended; set the option {option} to more if it "
            f"only is slow{self._process.last_words}"
        ) from None

    def _end_dead(self) -> NoReturn:
        self._process.end(_LAST_WORDS_S)
        self.end(0, self._process.how_it_ended())
        raise ProcessDiedError(
            f"the process of {self._name} {self.why_ended}; {_ADVICE}{self._process.last_words}"
        ) from None


def _checked(answer: Answer) -> Answer:
    if answer.error is not None:
        raise error_of(*answer.error)
    return answer
