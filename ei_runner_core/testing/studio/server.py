"""The HTTP server: connections that stay open, and faults that close them."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
from collections.abc import Iterator
from http.client import responses
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

from .exchange import Answer, Request

__all__ = ["Exchange", "Served", "Server"]

_PIECE = 1 << 16


class Served(Protocol):
    """What a server shows."""

    def serve(self, exchange: Exchange) -> None:
        """Read one request and answer it, or not."""


class Server(ThreadingTCPServer):
    """Listens on loopback, with a thread for each connection."""

    allow_reuse_address = True
    request_queue_size = 256

    def __init__(self, port: int, site: Served) -> None:
        self.site = site
        self.closing = threading.Event()
        self.connection_count = 0
        self._open: dict[socket.socket, threading.Thread] = {}
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", port), Exchange)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    def close(self) -> None:
        """Stop listening, end all connections and wait for their threads."""
        self.closing.set()
        self.shutdown()
        with self._lock:
            threads = list(self._open.values())
            for connection in self._open:
                _end(connection)
        for thread in threads:
            thread.join()
        self.server_close()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a new connection."""
        thread = threading.Thread(
            target=self.process_request_thread, args=(request, client_address), daemon=True
        )
        with self._lock:
            self.connection_count += 1
            self._open[request] = thread
        thread.start()

    def shutdown_request(self, request: Any) -> None:
        """A connection is over."""
        super().shutdown_request(request)
        with self._lock:
            self._open.pop(request, None)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients may go away whenever they like; all else is a bug of ours."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Exchange(BaseHTTPRequestHandler):
    """One connection, with the request that is being answered."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def serve(self) -> None:
        """Answer one request."""
        self.server.site.serve(self)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = serve  # noqa: N815

    def log_message(
        self,
        format: str,  # noqa: A002
        *args: Any,
    ) -> None:
        """Say nothing: what came is in a list."""

    def read_head(self) -> Request:
        """The request without its body."""
        return self._request(b"")

    def read_request(self) -> Request:
        """The whole request."""
        try:
            return self._request(b"".join(self._pieces()))
        except ValueError:
            raise ConnectionAbortedError("the length of the request is no number") from None

    def skip_body(self, size: int) -> None:
        """Read the first bytes of the body and forget them."""
        self.rfile.read(min(size, int(self.headers.get("Content-Length") or 0)))

    def send(self, answer: Answer, *, size: int | None = None) -> None:
        """Send the answer, or its head and the first ``size`` bytes of its body."""
        body = b"" if self.command == "HEAD" else answer.body[:size]
        head = self._head(answer)
        if len(body) < _PIECE:
            self.wfile.write(head + body)
            return
        self.wfile.write(head)
        self.wfile.write(body)

    def send_slowly(self, answer: Answer, size: int, seconds: float) -> None:
        """Send the body in small pieces, until the server closes."""
        self.send(answer, size=0)
        for start in range(0, len(answer.body), max(1, size)):
            if self.server.closing.wait(seconds):
                return self.cut()
            self.wfile.write(answer.body[start : start + max(1, size)])
        return None

    def wait(self) -> None:
        """Until the server closes."""
        self.server.closing.wait()

    def cut(self) -> None:
        """Close the connection as it is."""
        self.close_connection = True
        _end(self.connection)

    def _request(self, body: bytes) -> Request:
        target = urlsplit(self.path)
        query = dict(parse_qsl(target.query, keep_blank_values=True))
        return Request(self.command, unquote(target.path), query, self.headers, body)  # type: ignore[arg-type]

    def _head(self, answer: Answer) -> bytes:
        phrase = responses.get(answer.status, "")
        lines = [f"HTTP/1.1 {answer.status} {phrase}", f"Content-Length: {len(answer.body)}"]
        lines += [f"{name}: {value}" for name, value in answer.headers.items()]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    def _pieces(self) -> Iterator[bytes]:
        if "chunked" in (self.headers.get("Transfer-Encoding") or ""):
            yield from self._chunks()
            return
        missing = int(self.headers.get("Content-Length") or 0)
        content = self.rfile.read(missing)
        if len(content) < missing:
            raise ConnectionAbortedError("the client left in the middle of its request")
        yield content

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline().split(b";")[0], 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass


def _end(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):  # the client was faster
        connection.shutdown(socket.SHUT_RDWR)
