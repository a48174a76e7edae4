"""One attempt of a request: sent once, read to its end, and all errors turned into values."""

from __future__ import annotations

import threading
from http.cookiejar import DefaultCookiePolicy
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import msgspec
import requests
from urllib3.exceptions import HTTPError

from .._version import __version__
from .bodies import Body, TimedBody, TooLarge, make_body, read_all, read_chunks
from .errors import AnswerCut
from .redirects import LONGEST_CHAIN, is_same_origin, target_of, without_secrets
from .secrets import Secret
from .timed_reading import TimedAdapter, reading_until
from .troubles import Trouble, trouble_of_answer, trouble_of_error

__all__ = ["Call", "Transport"]

KEY_HEADER = "x-api-key"
LARGEST_ANSWER = 64 << 20
LARGEST_ERROR = 1 << 16
HOSTS = 4  # for which connections are kept: the service, and where its downloads are redirected to


class Call(msgspec.Struct, frozen=True):
    """One request of a caller, however often it is sent.

    Attributes:
        deadline: when the answer must be there.
        body_deadline: when its body must have been read; ``None`` for no limit.
    """

    method: str
    url: str
    query: dict[str, str]
    headers: dict[str, str]
    key: Secret | None
    body: Body | None
    deadline: float
    body_deadline: float | None
    stream: bool
    accept: frozenset[int]
    allow_redirects: bool


class Transport:
    """Connections that are kept, for a bounded number of requests at a time."""

    def __init__(self, connect_timeout: float, read_timeout: float, connections: int) -> None:
        self._timeouts = connect_timeout, read_timeout
        self._slots = threading.BoundedSemaphore(connections)
        self._session = _new_session(connections)

    def close(self) -> None:
        """Close the connections that are not in use; the others close with their answers."""
        self._session.close()

    def attempt(self, call: Call) -> requests.Response | Trouble:
        """Send a request once.

        The errors of requests stay in here: they hold the request, and so the key.
        """
        left = call.deadline - monotonic()
        if left <= 0 or not self._slots.acquire(timeout=left):
            return Trouble("no request could be sent")
        try:
            body = make_body(call.body, call.deadline)
            try:
                return self._guarded(call, body)
            finally:
                if body is not None:
                    body.close()
        finally:
            self._slots.release()

    def _guarded(self, call: Call, body: TimedBody | None) -> requests.Response | Trouble:
        try:
            return self._exchange(call, body)
        except AnswerCut as error:
            return Trouble(f"the answer ended early: {error}", is_unknown=True)
        except TooLarge:
            return Trouble(f"the answer is larger than {LARGEST_ANSWER >> 20} MiB", is_final=True)
        except (OSError, HTTPError) as error:  # the errors of requests are OSErrors
            if body is not None and body.error is not None:
                return Trouble("", error=body.error)
            return trouble_of_error(error)

    def _exchange(self, call: Call, body: TimedBody | None) -> requests.Response | Trouble:
        response = self._send(call, call.url, call.headers, call.key, body)
        try:
            if call.allow_redirects:
                response = self._follow(call, response)
            if not 200 <= response.status_code < 300 and response.status_code not in call.accept:
                return _refusal(response, call.key)
            if not call.stream:
                read_all(response, LARGEST_ANSWER)
        except BaseException:
            response.close()
            raise
        return response

    def _follow(self, call: Call, response: requests.Response) -> requests.Response:
        url, headers, key = call.url, call.headers, call.key
        for _ in range(LONGEST_CHAIN):
            target = target_of(response, url)
            if target is None:
                break
            response.close()
            if not is_same_origin(target, url):
                headers, key = without_secrets(headers), None
            response = self._send(call, target, headers, key, None)
            url = target
        return response

    def _send(
        self,
        call: Call,
        url: str,
        headers: dict[str, str],
        key: Secret | None,
        body: TimedBody | None,
    ) -> requests.Response:
        left = max(call.deadline - monotonic(), 0.001)
        connect, read = (min(timeout, left) for timeout in self._timeouts)
        with reading_until(call.body_deadline, silence=read):
            response = self._session.request(
                call.method, url, params=call.query if url == call.url else None,
                headers=headers if key is None else {KEY_HEADER: key.reveal(), **headers},
                data=body, timeout=(connect, read), stream=True, allow_redirects=False,
            )  # fmt: skip
        response.request.headers.pop(KEY_HEADER, None)  # answers are kept and shown
        return response


class _Session(requests.Session):
    """A session without a state of its own, so that threads can share it."""

    def __init__(self) -> None:
        super().__init__()
        self._settings: dict[tuple[str, str], dict[str, Any]] = {}

    def merge_environment_settings(
        self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any
    ) -> dict[str, Any]:
        """Those of the environment, read once for each host: requests does it for each request."""
        parts = urlsplit(url)
        place = parts.scheme, parts.netloc
        if place not in self._settings:
            found = super().merge_environment_settings(url, proxies, stream, verify, cert)
            self._settings[place] = dict(found)
        return {**self._settings[place], "stream": stream}

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Nowhere: requests would read all of a redirect's body to find out."""


def _new_session(connections: int) -> _Session:
    session = _Session()
    session.headers["User-Agent"] = f"ei-runner/{__version__}"
    session.auth = _no_auth
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
    for scheme in ("http://", "https://"):
        session.mount(scheme, TimedAdapter(pool_connections=HOSTS, pool_maxsize=connections))
    return session


def _no_auth(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Add nothing; without it, requests adds a password from .netrc."""
    return request


def _refusal(response: requests.Response, key: Secret | None) -> Trouble:
    """What an answer means that is no success, with the beginning of its body if that comes."""
    body = b""
    try:
        for piece in read_chunks(response):
            body += piece
            if len(body) >= LARGEST_ERROR:
                break
    except AnswerCut:
        pass
    finally:
        response.close()
    return trouble_of_answer(response, body, key)
