"""Questions and answers: one at a time, each with a number of its own and a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import msgspec

from ei_runner_core.authoring import one_line

from .codes import meaning_of
from .connection import Connection, ConnectionEnded, Expired
from .framing import FrameTooLong, NoFrame
from .messages import Head, Hello, Reply, decode_hello, decode_reply

__all__ = ["LONGEST_REPLY", "EimClient", "Garbage", "OutOfStep", "Refused"]

LONGEST_REPLY = 128 << 20
_LARGEST_ID = 2**31 - 1
_SHOWN = 60
_NOTHING = b'{"nothing":0'

H = TypeVar("H", bound=Head)
Decoder = Callable[[bytes], H]


class Garbage(Exception):  # noqa: N818 - the fault is not on this side
    """What came back is no answer of the protocol: nothing that follows can be trusted."""


class OutOfStep(Exception):  # noqa: N818 - an interrupt is no fault
    """Only a part of an earlier question was sent: nobody knows what the next answer is to."""


class Refused(Exception):  # noqa: N818 - the fault is not on this side
    """The model answered that it cannot do this; the next question may go well."""


class EimClient:
    """Asks a program that speaks the EIM protocol.

    Once a question was not sent whole, or was answered with garbage or not in time, the
    conversation is over: every later question ends in ``OutOfStep``.

    Args:
        connection: to the program.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._last_id = 0
        self._last_answered = 0
        self.is_in_step = True

    def hello(self, timeout: float) -> Hello:
        """Begin the conversation; arguments and errors as those of :meth:`ask`."""
        return self._exchange(lambda: b'{"hello":1', timeout, "hello", decode_hello)

    def ask(self, question: Callable[[], bytes], timeout: float, what: str) -> Reply:
        """Ask, and wait for the answer.

        Args:
            question: gives a JSON object without its end, ``{"classify":[1,2]``. It is called when
                nothing of an earlier question is under way, so that it may write what is shared.
            timeout: seconds from now.
            what: the name of the question, for messages.

        Raises:
            ConnectionEnded: the program has closed.
            Expired: there was no answer in time.
            Garbage: the answer is none of the protocol.
            Refused: the model answered with an error.
            OutOfStep: an earlier question has ended the conversation.
        """
        return self._exchange(question, timeout, what, decode_reply)

    def _exchange(
        self, question: Callable[[], bytes], timeout: float, what: str, decode: Decoder[H]
    ) -> H:
        if not self.is_in_step:
            raise OutOfStep
        deadline = time.monotonic() + timeout
        try:
            if self._last_answered < self._last_id:
                self._catch_up(deadline)
            self._send(question(), deadline, what)
            reply = self._answer(self._last_id, deadline, what, decode)
        except (ConnectionEnded, Expired, Garbage):
            self.is_in_step = False
            raise
        if reply.error is not None or not reply.success:
            raise Refused(_refusal(what, reply.error))
        return reply

    def _catch_up(self, deadline: float) -> None:
        """Let the program finish what an interrupt kept from being waited for.

        Whether those answers were taken is not known. So it is asked what every program refuses,
        after it has answered everything else.
        """
        self._send(_NOTHING, deadline, "nothing")
        while self._last_answered < self._last_id:
            reply = self._next(deadline, "nothing", decode_reply)
            if reply.id is None or not self._last_answered < reply.id <= self._last_id:
                raise Garbage(f"answered with the id {reply.id} what was asked before")
            self._last_answered = reply.id

    def _send(self, question: bytes, deadline: float, what: str) -> None:
        if self._last_id == _LARGEST_ID:
            self._last_id = self._last_answered = 0
        message = b'%b,"id":%d}\n' % (question, self._last_id + 1)
        self.is_in_step = False  # an interrupt may leave a part of the message
        self._last_id += 1
        try:
            self._connection.send(message, deadline)
        except FrameTooLong:
            raise _too_long(what) from None
        self.is_in_step = True

    def _answer(self, number: int, deadline: float, what: str, decode: Decoder[H]) -> H:
        reply = self._next(deadline, what, decode)
        if reply.id != number and (reply.id is not None or reply.error is None):
            raise Garbage(
                f"answered with the id {reply.id} when it was asked {what!r} with the id {number}"
            )
        self._last_answered = number
        return reply

    def _next(self, deadline: float, what: str, decode: Decoder[H]) -> H:
        try:
            raw = self._connection.receive(deadline)
        except FrameTooLong:
            raise _too_long(what) from None
        except NoFrame as error:
            raise Garbage(
                f"answered {what!r} with {_shown(error.text)}, which is no JSON"
            ) from None
        try:
            return decode(raw)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise Garbage(
                f"answered {what!r} with what is no reply of the protocol: {_shown(raw)} "
                f"({one_line(error)})"
            ) from None


def _too_long(what: str) -> Garbage:
    return Garbage(f"answered {what!r} with more than {LONGEST_REPLY >> 20} MiB without an end")


def _refusal(what: str, error: str | None) -> str:
    said = " ".join((error or "no success, and no reason").split())
    meaning = meaning_of(said)
    return f"refused {what!r}: {said}" + (f" ({meaning})" if meaning else "")


def _shown(raw: bytes) -> str:
    text = raw[:_SHOWN].decode("utf-8", "backslashreplace")
    return repr(text) + ("..." if len(raw) > _SHOWN else "")
