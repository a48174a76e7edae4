"""A client of one service: requests that end in time and are sent again where that is safe."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec
import requests

from .._text import one_line
from ..errors import DeadlineError, EdgeImpulseError, InvalidInputError
from .bodies import Body
from .documents import success_of
from .errors import OutcomeUnknown
from .hosts import variable_behind
from .retries import Retries
from .secrets import Secret, redact
from .steps import GiveUp, next_step
from .transport import Call, Transport
from .troubles import Trouble, with_variable

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["HttpClient"]

LONGEST_REQUEST = 1800.0  # seconds, where the caller sets no deadline


def _ignore() -> None:
    """What most callers do about attempts whose outcome is unknown: they are sent again."""


class HttpClient:
    """Requests to one service, from any number of threads, over connections that are kept.

    Args:
        base_url: what all paths are appended to, without a slash at the end.
        key: the API key, sent as ``x-api-key`` to this service alone; ``None`` sends none.
        failure: the public error for what the service refuses.
        retries: how often and after which pauses a request is sent again.
        connect_timeout: seconds until a connection is there.
        read_timeout: seconds that the service may be silent.
        connections: how many requests are under way at most, and how many connections are kept.

    Raises:
        InvalidInputError: the key holds characters that no header can.
    """

    def __init__(
        self,
        base_url: str,
        *,
        key: Secret | None,
        failure: type[EdgeImpulseError],
        retries: Retries = Retries(),  # noqa: B008 - frozen
        connect_timeout: float = 10.0,
        read_timeout: float = 60.0,
        connections: int = 8,
    ) -> None:
        if key is not None and not (key.reveal().isascii() and key.reveal().isprintable()):
            raise InvalidInputError("the API key holds characters that no key has; copy it again")
        self.base_url = base_url.rstrip("/")
        self._key = key
        self._failure = failure
        self._retries = retries
        self._closed = threading.Event()
        self._transport = Transport(connect_timeout, read_timeout, connections)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections, and wake up the threads that wait for another attempt."""
        self._closed.set()
        self._transport.close()

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        body: Body | None = None,
        deadline: float | None = None,
        is_safe: bool | Callable[[], bool] | None = None,
        stream: bool = False,
        accept: Collection[int] = (),
        allow_redirects: bool = False,
        on_unknown: Callable[[], None] = _ignore,
    ) -> requests.Response:
        """Send a request, again where it fails and that is safe, and return its answer.

        Args:
            method: such as ``"GET"``.
            path: what follows the base URL, quoted, such as ``"/api/projects"``.
            query: what follows the question mark; ``None`` among the values leaves one out.
            headers: besides the usual ones and the key.
            json: a document to send, instead of a body.
            body: bytes, or what gives bytes, an open file or an iterator anew for each attempt;
                the file is closed. Its own errors pass through.
            deadline: the time of ``time.monotonic`` at which all ends; ``None`` is half an hour
                from now, but leaves the body of a stream its time.
            is_safe: whether it may be sent again when nobody knows if it was taken, or what tells
                after each attempt; ``None`` says so of GET and HEAD.
            stream: leave the body on the line, for :func:`read_chunks`; the caller closes the
                answer. Else it is read, up to 64 MiB.
            accept: statuses to return besides 2xx, at the first attempt that gives one.
            allow_redirects: follow redirects of GET and HEAD; keys stay with this service.
            on_unknown: called after each attempt that may have been taken though it failed.

        Raises:
            EdgeImpulseError: of the kind of this client: the service refused or failed.
            DeadlineError: it took too long, all attempts together.
            OutcomeUnknown: a request that is not safe may or may not have been taken.
        """
        if json is not None:
            body = msgspec.json.encode(json)
            headers = {"Content-Type": "application/json", **(headers or {})}
        is_get = method in ("GET", "HEAD")
        limit = monotonic() + LONGEST_REQUEST if deadline is None else deadline
        call = Call(
            method=method,
            url=self.base_url + path,
            query=_as_text(query or {}),
            headers=dict(headers or {}),
            key=self._key,
            body=body,
            deadline=limit,
            body_deadline=deadline if stream else limit,
            stream=stream,
            accept=frozenset(accept),
            allow_redirects=allow_redirects and is_get,
        )
        return self._send(call, path, is_get if is_safe is None else is_safe, on_unknown)

    def get_json(self, path: str, **options: Any) -> dict[str, Any]:
        """Send a GET and return its JSON object, which says ``"success": true``.

        Args:
            path: as of :meth:`request`.
            options: those of :meth:`request`.

        Raises:
            EdgeImpulseError: as of :meth:`request`; also for any other document.
        """
        return self._document("GET", path, **options)

    def post_json(self, path: str, document: Any = None, **options: Any) -> dict[str, Any]:
        """Send a POST with a JSON document, and return the answer as :meth:`get_json` does."""
        return self._document("POST", path, json=document, **options)

    def clean(self, text: str) -> str:
        """A text of the service as one line, without the key, which it may repeat."""
        return one_line(redact(text, self._key))

    def _document(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        document = success_of(self.request(method, path, **options), self._key)
        if isinstance(document, str):
            raise self._failure(self._line(method, path, document))
        return document

    def _send(
        self,
        call: Call,
        path: str,
        is_safe: bool | Callable[[], bool],
        on_unknown: Callable[[], None],
    ) -> requests.Response:
        """Attempt a request until it is answered.

        Errors are raised outside of all handlers: those of requests, which hold the key, would be
        kept as their context.
        """
        attempt = 1
        self._wait(0.0, call.method, path)
        while isinstance(result := self._transport.attempt(call), Trouble):
            if result.error is not None:
                raise result.error
            if result.is_unknown:
                on_unknown()
            left = call.deadline - monotonic()
            trouble = with_variable(result, variable_behind(self.base_url))
            safe = is_safe() if callable(is_safe) else is_safe
            step = next_step(trouble, attempt, left, is_safe=safe, retries=self._retries)
            if isinstance(step, GiveUp):
                raise self._error(step, call.method, path)
            self._wait(step, call.method, path)
            attempt += 1
        return result

    def _wait(self, seconds: float, method: str, path: str) -> None:
        if self._closed.wait(seconds):
            raise self._failure(self._line(method, path, "the client was closed"))

    def _error(self, step: GiveUp, method: str, path: str) -> Exception:
        kinds: dict[str, type[Exception]] = {"deadline": DeadlineError, "unknown": OutcomeUnknown}
        kind = kinds.get(step.kind, self._failure)
        return kind(self._line(method, path, step.message))

    def _line(self, method: str, path: str, message: str) -> str:
        base = urlsplit(self.base_url)
        return one_line(redact(f"{method} {base.netloc}{base.path}{path}: {message}", self._key))


def _as_text(query: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in query.items()
        if value is not None
    }
