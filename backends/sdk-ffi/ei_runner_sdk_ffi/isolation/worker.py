"""The worker: opens a model and answers what is asked, until nobody asks any more.

It gets as arguments the descriptors of its socket and of the window, and the id of the process that
asks. Its standard input is a pipe that nothing comes through: its end tells that it is to go away.
"""

from __future__ import annotations

import ctypes
import logging
import os
import select
import signal
import socket
import sys
import threading
from collections.abc import Mapping
from contextlib import closing, suppress
from importlib import import_module
from io import BufferedReader
from typing import Any

from ei_runner_core import ImpulseSession

from .memory import map_window, reserve_window
from .wire import HEADER_SIZE, body_size, framed, parts_of, read_request

__all__ = ["Service", "main"]

_LINE_BUFFERED = 1  # _IOLBF of the C library
_FAILURES = {"open": "the model cannot be opened"}


def main() -> None:
    """Serve one model from its opening to its end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    channel, memory, parent = map(int, sys.argv[1:])
    del sys.argv[1:]
    for fd in (channel, memory):
        os.set_inheritable(fd, False)  # noqa: FBT003 - it takes no keyword
    threading.Thread(target=_end_with, args=(_moved_stdin(), parent), daemon=True).start()
    _prepare_output()
    with (
        suppress(ConnectionError),  # whoever asked is gone
        socket.socket(fileno=channel) as connection,
        connection.makefile("rb") as requests,
        closing(Service(memory)) as service,
    ):
        while request := _next(requests):
            connection.sendall(_answered(service, request))


class Service:
    """The methods that can be asked for; each returns the fields of its answer.

    Args:
        memory: the descriptor of the window.
    """

    def __init__(self, memory: int) -> None:
        self._memory = memory
        self._session: ImpulseSession

    def open(self, target: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Call a function that opens a session, and tell what that says about itself."""
        module, _, function = target.partition(":")
        self._session = session = getattr(import_module(module), function)(**arguments)
        reserve_window(self._memory, session.parameters)
        self._window = map_window(self._memory, session.parameters)
        names = ("impulse", "parameters", "inputs", "outputs", "refuses_non_finite")
        opened = {name: getattr(session, name) for name in names}
        return {"opened": opened, "thresholds": session.thresholds}

    def classify(self, length: int, debug: bool) -> dict[str, Any]:
        """Answer the window in the shared memory."""
        return {"result": self._session.classify(self._window[:length], debug)}

    def classify_continuous(self, length: int, debug: bool) -> dict[str, Any]:
        """Answer the slice in the shared memory."""
        return {"result": self._session.classify_continuous(self._window[:length], debug)}

    def freeform(self, inputs: Any) -> dict[str, Any]:
        """Run a model that has no fixed meaning."""
        return {"tensors": self._session.freeform(inputs)}

    def set_threshold(self, block_id: int, values: Mapping[str, float]) -> dict[str, Any]:
        """Change values of one block, and tell those of all."""
        self._session.set_threshold(block_id, **values)
        return self.tell()

    def reset(self) -> dict[str, Any]:
        """Forget what earlier windows and slices left behind."""
        self._session.reset()
        return {}

    def tell(self) -> dict[str, Any]:
        """Tell the thresholds."""
        return {"thresholds": self._session.thresholds}

    def echo(self, token: bytes) -> dict[str, Any]:
        """Let the answer end with a token."""
        return {"token": token}

    def close(self) -> None:
        """Close the session, if one was opened."""
        with suppress(AttributeError):
            self._session.close()


def _next(requests: BufferedReader) -> bytes:
    """The next request; nothing when nobody asks any more."""
    header = requests.read(HEADER_SIZE)
    return requests.read(body_size(header)) if len(header) == HEADER_SIZE else b""


def _answered(service: Service, request: bytes) -> bytes:
    name, arguments = read_request(request)
    try:
        return framed(getattr(service, name)(*arguments))
    except Exception as error:  # noqa: BLE001 - the process that asks raises it
        doing = _FAILURES.get(name, "the inference failed")
        return framed({"error": parts_of(error, doing)})


def _end_with(control: int, parent: int) -> None:
    """End this process when the one that asks has ended, even if native code hangs here."""
    poll = select.poll()
    poll.register(control, select.POLLIN)
    try:
        poll.register(os.pidfd_open(parent), select.POLLIN)  # a stranger's fork keeps no copy of it
    except ProcessLookupError:
        os._exit(1)
    except (AttributeError, OSError):  # the system has no such descriptors
        pass
    poll.poll()
    os._exit(1)


def _moved_stdin() -> int:
    """A descriptor for the standard input, which is empty from now on."""
    control = os.dup(0)
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123 - short
        os.dup2(nothing.fileno(), 0)
    return control


def _prepare_output() -> None:
    """Let no line stay in a buffer that is lost in a crash; log what ``debug`` asks for."""
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    library = ctypes.CDLL(None)
    name = "__stdoutp" if sys.platform == "darwin" else "stdout"
    with suppress(ValueError):  # a C library that calls it otherwise
        stdout = ctypes.c_void_p.in_dll(library, name)
        library.setvbuf(stdout, None, _LINE_BUFFERED, ctypes.c_size_t(0))
    logging.basicConfig(format="%(message)s")
    for name in ("ei_runner_core", "ei_runner_sdk_ffi"):
        logging.getLogger(name).setLevel(logging.DEBUG)
