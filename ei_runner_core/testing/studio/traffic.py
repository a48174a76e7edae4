"""What came to the local Studio."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from msgspec import Struct

from .exchange import Request
from .faults import Fault

__all__ = ["ReceivedRequest", "Traffic"]

_SECRET = ("x-api-key", "x-jwt-token", "cookie", "authorization")


class ReceivedRequest(Struct):
    """A request that came.

    The names of ``headers`` are in lower case; secrets are left out, but their names are in
    ``secret_headers``. ``body`` is kept only if the local Studio was told to. ``fault`` is what was
    done to it, ``status`` what was answered, if anything was.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    secret_headers: tuple[str, ...]
    body: bytes | None = None
    fault: Fault | None = None
    status: int | None = None


class Traffic:
    """Notes what comes and how much of it at once. Usable from several threads."""

    def __init__(self, *, keep_bodies: bool) -> None:
        self.requests: list[ReceivedRequest] = []
        self.most_at_once = 0
        self._at_once = 0
        self._lock = threading.Lock()
        self._keep_bodies = keep_bodies

    @contextmanager
    def counted(self) -> Iterator[None]:
        """As long as one request is worked on."""
        with self._lock:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            yield
        finally:
            with self._lock:
                self._at_once -= 1

    def note(self, request: Request, fault: Fault | None) -> ReceivedRequest:
        """Add a request to the list."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        note = ReceivedRequest(
            request.method,
            request.path,
            request.query,
            {name: value for name, value in headers.items() if name not in _SECRET},
            tuple(name for name in headers if name in _SECRET),
            request.body if self._keep_bodies else None,
            fault,
        )
        self.requests.append(note)
        return note
