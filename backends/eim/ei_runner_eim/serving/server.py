"""Serving a model: over a socket, over the standard streams, or only what it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .listener import Listener
from .signals import Stopped, StopSignals
from .streams import keep_standard_streams, say

if TYPE_CHECKING:  # what takes time to import is imported when clients can knock already
    from ei_runner_core import EdgeImpulseModel

    from .dialogue import Dialogue
    from .served_model import ServedModel
    from .shared_tensors import SharedTensors

__all__ = ["STDIN", "print_info", "serve"]

STDIN = "stdin"
_BANNER = "Edge Impulse Linux impulse runner - "
_TOO_LONG = 1

Opener = Callable[[], "EdgeImpulseModel"]


def serve(
    open_model: Opener, target: str, *, keep: bool = False, shared_memory: bool = True
) -> int:
    """Answer a client until it goes, as an ``.eim`` does.

    Args:
        open_model: opens the model; the socket is there before.
        target: ``"stdin"``, or the path of the socket to make.
        keep: whether other clients may follow, one after the other.
        shared_memory: whether clients are offered shared memory.

    Returns:
        The exit code: 0, 1 after a message that was too long, or 128 and the number of the signal
        that ended it.

    Raises:
        InvalidInputError: no socket can be made at the path.
        UnsupportedModelError: the model cannot be served.
        EdgeImpulseError: it cannot be opened; as those of ``EdgeImpulseModel``.
    """
    try:
        with StopSignals() as stop:
            if target == STDIN:
                return _serve_stdin(open_model, stop, shared_memory)
            return _serve_socket(open_model, stop, target, keep, shared_memory)
    except Stopped as stopped:
        return stopped.exit_code


def print_info(open_model: Opener, *, shared_memory: bool = True) -> int:
    """Print what the model answers to hello; returns the exit code, raises as :func:`serve`."""
    import json

    try:
        with StopSignals() as stop:
            _, out = keep_standard_streams()
            say(f"{_BANNER}printing model metadata", out)
            with _served(open_model, stop, shared_memory) as server:
                reply = server.dialogue().answer(b'{"hello":1,"id":1}', 0)
                say(json.dumps(json.loads(reply), indent=4, ensure_ascii=False), out)
            return 0
    except Stopped as stopped:
        return stopped.exit_code


class _Server:
    """An opened model with its segments."""

    def __init__(self, model: ServedModel, shared: SharedTensors) -> None:
        self._model = model
        self._shared = shared

    def dialogue(self) -> Dialogue:
        """Begin anew with a client."""
        from .dialogue import Dialogue

        return Dialogue(self._model, self._shared)

    def converse(self, requests: int, replies: int, end: bytes) -> int:
        """Answer one client until it goes; returns the exit code that this asks for."""
        from ..framing import FrameTooLong
        from .conversation import LONGEST_MESSAGE, converse

        try:
            converse(requests, replies, end, self.dialogue().answer)
        except FrameTooLong:
            say(
                f"Invalid message, received more than {LONGEST_MESSAGE} bytes, and no valid JSON "
                "message detected"
            )
            return _TOO_LONG
        finally:
            self._shared.close()
        return 0

    def restart(self) -> None:
        """Make ready for another client."""
        self._model.restart()


@contextmanager
def _served(open_model: Opener, stop: StopSignals, shared_memory: bool) -> Iterator[_Server]:
    with open_model() as model:
        from .served_model import served_model
        from .shared_tensors import SharedTensors

        served = served_model(model)
        shared = SharedTensors(served, stop, is_wanted=shared_memory)
        try:
            yield _Server(served, shared)
        finally:
            shared.close()


def _serve_stdin(open_model: Opener, stop: StopSignals, shared_memory: bool) -> int:
    requests, replies = keep_standard_streams()
    say(f"{_BANNER}listening for JSON messages on stdin", replies)
    with _served(open_model, stop, shared_memory) as server:
        return server.converse(requests, replies, b"\n")


def _serve_socket(
    open_model: Opener, stop: StopSignals, path: str, keep: bool, shared_memory: bool
) -> int:
    say(f"{_BANNER}listening for JSON messages on socket '{path}'")
    with stop.held():
        listener = Listener(path)
        stop.add_removal(listener.remove)
    say(f"Waiting for connection on {path}...")
    with _served(open_model, stop, shared_memory) as server:
        code = _serve_next(listener, server)
        while keep:
            server.restart()
            _serve_next(listener, server)
        return code


def _serve_next(listener: Listener, server: _Server) -> int:
    with listener.accept() as client:
        say("Connected")
        return server.converse(client.fileno(), client.fileno(), b"\n\0")
