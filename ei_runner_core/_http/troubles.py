"""Why an attempt failed, and what follows from it."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from http.client import HTTPException
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec
import requests
from requests import exceptions
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    LocationValueError,
    NewConnectionError,
    ProxyError,
    ReadTimeoutError,
)

from .retries import parse_retry_after
from .secrets import Secret, excerpt

__all__ = ["Trouble", "reason_of", "trouble_of_answer", "trouble_of_error", "with_variable"]

RETRIED = (429, 500, 502, 503, 504)
NOT_TAKEN = (429, 503)
LONGEST_REASON = 300
_NETWORK_HINT = "check the network and its proxies"
_TRUST_HINT = "where that is your own authority, name its certificate in REQUESTS_CA_BUNDLE"
_HINTS = {
    401: "check the API key: EI_API_KEY, or ei-runner login",
    403: "check the API key and what it may do: EI_API_KEY, or ei-runner login",
    429: "try again later, or with fewer requests at a time",
}
_TRY_LATER = "try again later"
_NETWORK_ERRORS = (HTTPError, HTTPException, exceptions.ConnectionError, exceptions.Timeout)
Cause = TypeVar("Cause", bound=BaseException)


class Trouble(msgspec.Struct, frozen=True):
    """A failed attempt.

    Attributes:
        reason: what happened; the service's own words in it may hold secrets.
        hint: what to do next; empty if there is nothing to say.
        is_of_address: whether the address of the service may be wrong.
        is_final: whether another attempt would end the same way.
        is_unknown: whether the service may have acted on the request.
        retry_after: seconds that the service asks to wait.
        error: what the caller's own body raised.
        is_silence: whether the service let the time for an answer pass.
    """

    reason: str
    hint: str = ""
    is_of_address: bool = False
    is_final: bool = False
    is_unknown: bool = False
    retry_after: float | None = None
    error: Exception | None = None
    is_silence: bool = False


def trouble_of_error(error: Exception) -> Trouble:
    """What it means that a request could not be sent or got no answer."""
    causes = tuple(_causes(error))
    reason = reason_of(error)
    if untrusted := _first(causes, ssl.SSLCertVerificationError):
        problem = untrusted.verify_message or "verification failed"
        return Trouble(f"its certificate is not trusted: {problem}", _TRUST_HINT, is_final=True)
    if insecure := _first(causes, ssl.SSLError):
        is_cut = isinstance(insecure, (ssl.SSLEOFError, ssl.SSLZeroReturnError))
        problem = (insecure.reason or "TLS failed").replace("_", " ").lower()
        return Trouble(
            f"no secure connection: {problem}",
            _NETWORK_HINT,
            is_of_address=True,
            is_final=not is_cut,
        )
    if _first(causes, ProxyError):
        is_refused = "Tunnel connection failed: 4" in reason
        return Trouble(
            f"the proxy failed: {reason}", _NETWORK_HINT, is_of_address=True, is_final=is_refused
        )
    if _first(causes, NewConnectionError, ConnectTimeoutError):
        return Trouble(f"no connection: {reason}", _NETWORK_HINT, is_of_address=True)
    is_setting = isinstance(error, (ValueError, LocationValueError))
    if is_setting or not _first(causes, *_NETWORK_ERRORS):
        return Trouble(reason, is_final=True)
    return Trouble(
        reason,
        _NETWORK_HINT,
        is_of_address=True,
        is_unknown=True,
        is_silence=_first(causes, TimeoutError, ReadTimeoutError) is not None,
    )


def _first(causes: tuple[BaseException, ...], *kinds: type[Cause]) -> Cause | None:
    return next((cause for cause in causes if isinstance(cause, kinds)), None)


def reason_of(error: BaseException) -> str:
    """A few words on what broke a connection: those of the system, where it has some."""
    causes = tuple(_causes(error))
    if any(type(cause) is ConnectTimeoutError for cause in causes):  # a refusal derives from it
        return "it cannot be reached in time"
    if _first(causes, TimeoutError, ReadTimeoutError):
        return "no answer in time"
    if _first(causes, exceptions.InvalidURL, LocationValueError):  # shows the proxy's password
        return "the address of a proxy is malformed: check HTTPS_PROXY, HTTP_PROXY and ALL_PROXY"
    if isinstance(error, ValueError) or type(error) is OSError:
        return str(error)  # a setting that cannot be used, such as REQUESTS_CA_BUNDLE
    of_system = (c for c in causes if isinstance(c, OSError) and (c.strerror or type(c) is OSError))
    found = next(of_system, None)
    return "the connection was cut" if found is None else found.strerror or str(found)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and those that it wraps, which requests and urllib3 hide in many places.

    Not its context: that can be an error which the caller is just handling.
    """
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        cause = waiting.pop()
        if not isinstance(cause, BaseException) or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        waiting += [cause.__cause__, *cause.args]
        waiting += [getattr(cause, name, None) for name in ("reason", "original_error")]


def trouble_of_answer(
    response: requests.Response, body: bytes, key: Secret | None = None
) -> Trouble:
    """What an answer means that is no success; the key is taken out of its words."""
    status = response.status_code
    parts = [f"{status} {response.reason or ''}".strip(), _said(response, body, key)]
    if response.is_redirect:
        parts.append(f"it redirects to {_host_of(response.headers['Location'])}")
    return Trouble(
        ": ".join(part for part in parts if part),
        _HINTS.get(status, _TRY_LATER if status >= 500 else ""),
        is_of_address=status // 100 == 3,
        is_final=status not in RETRIED,
        is_unknown=status in RETRIED and status not in NOT_TAKEN,
        retry_after=parse_retry_after(
            response.headers.get("Retry-After"), response.headers.get("Date")
        ),
    )


def with_variable(trouble: Trouble, variable: str | None) -> Trouble:
    """Let the hint name the variable that the address comes from, where that may be wrong."""
    if variable is None or not trouble.is_of_address:
        return trouble
    hint = f"check the network, its proxies and {variable}" if trouble.hint else f"check {variable}"
    return msgspec.structs.replace(trouble, hint=hint)


def _host_of(location: str) -> str:
    try:
        return urlsplit(location).hostname or "another path"
    except ValueError:
        return "nowhere"


def _said(response: requests.Response, body: bytes, key: Secret | None) -> str:
    """The service's own reason: that of its JSON, or a short text."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        is_text = response.headers.get("Content-Type", "").startswith("text/plain")
        return excerpt(body, LONGEST_REASON, key) if is_text else ""
    error = document.get("error") if isinstance(document, dict) else None
    return excerpt(error, LONGEST_REASON, key) if isinstance(error, str) else ""
