"""Answers that end at a deadline, even where each byte of them comes in time.

The timeout of a socket is for one read. A service that sends a byte a minute would never time out,
in the headers as little as in the body.
"""

from __future__ import annotations

import io
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from http.client import HTTPResponse
from time import monotonic
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.poolmanager import ProxyManager

__all__ = ["TimedAdapter", "reading_until"]

_deadline: ContextVar[float | None] = ContextVar("deadline_of_answer", default=None)
_silence: ContextVar[float | None] = ContextVar("longest_silence", default=None)


@contextmanager
def reading_until(deadline: float | None, *, silence: float) -> Iterator[None]:
    """Let the answers to requests that are sent meanwhile end in time.

    Args:
        deadline: when they end, as of ``time.monotonic``.
        silence: seconds that the service may neither take nor give anything. Until an answer is
            read, the timeout for connecting would count: too short for a busy service that
            takes its time to read what is sent.
    """
    tokens = _deadline.set(deadline), _silence.set(silence)
    try:
        yield
    finally:
        _deadline.reset(tokens[0])
        _silence.reset(tokens[1])


class _TimedReader(io.RawIOBase):
    def __init__(self, raw: io.RawIOBase, connection: socket.socket, deadline: float) -> None:
        self._raw = raw
        self._connection = connection
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        usual = self._connection.gettimeout()
        left = self._deadline - monotonic()
        if left <= 0:
            raise TimeoutError("the deadline has passed")
        self._connection.settimeout(left if usual is None else min(usual, left))
        try:
            return self._raw.readinto(buffer)
        finally:
            if self._connection.fileno() != -1:
                self._connection.settimeout(usual)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedResponse(HTTPResponse):
    def __init__(self, sock: socket.socket, *arguments: Any, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        deadline = _deadline.get()
        if deadline is not None:
            self.fp = io.BufferedReader(_TimedReader(self.fp.detach(), sock, deadline))


class _Connection(HTTPConnection):
    response_class = _TimedResponse

    def connect(self) -> None:
        super().connect()
        self.sock.settimeout(_silence.get())


class _SecureConnection(HTTPSConnection):
    response_class = _TimedResponse

    def connect(self) -> None:
        super().connect()
        self.sock.settimeout(_silence.get())


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


_POOLS = {"http": _Pool, "https": _SecurePool}


class TimedAdapter(HTTPAdapter):
    """The transport of requests, directly or through a proxy, with answers that end in time."""

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **options)
        if isinstance(manager, ProxyManager):  # else one for SOCKS, with pools of its own
            manager.pool_classes_by_scheme = _POOLS
        return manager
