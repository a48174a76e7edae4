"""A server on loopback that answers as a script says, also in ways that no library allows."""

from __future__ import annotations

import json
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from typing_extensions import Self

Answer = Callable[["Peer"], bool]
BYTE_SECONDS = 0.01


@dataclass
class Recorded:
    """A request as it came."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""


@dataclass
class Peer:
    """The other end of a connection while it is answered; ``closing`` wakes who waits."""

    connection: socket.socket
    request: Recorded
    closing: threading.Event

    def send(self, content: bytes) -> None:
        self.connection.sendall(content)


def reply(status: int = 200, body: bytes | object = b"", **headers: str) -> Answer:
    """An ordinary answer; whatever is not bytes is sent as JSON."""
    is_json = not isinstance(body, bytes)
    content = json.dumps(body).encode() if is_json else body
    named = {"Content-Type": "application/json"} if is_json else {}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    return raw(_message(status, content, {"Content-Length": str(len(content)), **named}))


def _message(status: int, content: bytes, headers: Mapping[str, str]) -> bytes:
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} Status\r\n{head}\r\n".encode() + content


def raw(content: bytes, *, keep: bool = True) -> Answer:
    def answer(peer: Peer) -> bool:
        peer.send(content)
        return keep

    return answer


def success(**document: object) -> Answer:
    return reply(200, {"success": True, **document})


def cut(content: bytes = b"") -> Answer:
    """Some bytes, and then the end of the connection."""
    return raw(content, keep=False)


def cut_body(sent: bytes, size: int) -> Answer:
    return cut(_message(200, sent, {"Content-Length": str(size)}))


def never(peer: Peer) -> bool:
    peer.closing.wait()
    return False


def trickle(head: bytes, byte: bytes = b" ") -> Answer:
    """A byte now and then, for ever."""

    def answer(peer: Peer) -> bool:
        peer.send(head)
        with suppress(OSError):  # the client went away
            while not peer.closing.wait(BYTE_SECONDS):
                peer.send(byte)
        return False

    return answer


@dataclass
class ScriptedServer:
    """Gives its answers one after the other, the last one for ever; counts and keeps all."""

    answers: list[Answer]
    certificate: tuple[Path, Path] | None = None
    reads_bodies: bool = True
    greeting: bytes = b""
    requests: list[Recorded] = field(default_factory=list)
    connections: int = 0

    def __post_init__(self) -> None:
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._start(self._accept)

    @property
    def url(self) -> str:
        return f"{'https' if self.certificate else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)

    def _start(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._start(self._serve, connection)

    def _serve(self, plain: socket.socket) -> None:
        with suppress(OSError, ValueError), plain, self._secured(plain) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self.connections += 1
                self._open.add(connection)
            try:
                connection.sendall(self.greeting)
                self._converse(connection)
            finally:
                with self._lock:
                    self._open.discard(connection)

    def _secured(self, connection: socket.socket) -> socket.socket:
        if self.certificate is None:
            return connection
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.certificate)
        return context.wrap_socket(connection, server_side=True)

    def _converse(self, connection: socket.socket) -> None:
        with connection.makefile("rb") as lines:
            while request := _read_request(lines, self.reads_bodies):
                with self._lock:
                    self.requests.append(request)
                    answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                if not answer(Peer(connection, request, self._closing)):
                    return


def _read_request(lines: BinaryIO, reads_bodies: bool) -> Recorded | None:
    first = lines.readline().split()
    if len(first) != 3:
        return None
    headers = dict(_headers(lines))
    if not reads_bodies:
        body = b""
    elif headers.get("transfer-encoding") == "chunked":
        body = b"".join(_chunks(lines))
    else:
        body = lines.read(int(headers.get("content-length", 0)))
    return Recorded(first[0].decode(), first[1].decode(), headers, body)


def _headers(lines: BinaryIO) -> Iterator[tuple[str, str]]:
    while line := lines.readline().strip():
        name, _, value = line.decode("latin-1").partition(":")
        yield name.lower(), value.strip()


def _chunks(lines: BinaryIO) -> Iterator[bytes]:
    while size := int(lines.readline(), 16):
        yield lines.read(size)
        lines.readline()
    lines.readline()


def make_certificate(folder: Path) -> tuple[Path, Path] | None:
    """A self-signed certificate for 127.0.0.1 and its key; ``None`` without openssl."""
    openssl = shutil.which("openssl")
    if openssl is None:
        return None
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    command = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-days", "2", "-subj", "/CN=scripted", "-out", str(certificate)]
    command += ["-keyout", str(key), "-addext", "subjectAltName=IP:127.0.0.1"]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    return (certificate, key) if done.returncode == 0 else None


@contextmanager
def refusing_port() -> Iterator[int]:
    """A port of loopback at which nobody listens, as long as the block runs."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]
