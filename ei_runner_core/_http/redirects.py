"""Where a redirect leads, and what may go along."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urljoin, urlsplit

import requests

__all__ = ["LONGEST_CHAIN", "is_same_origin", "target_of", "without_secrets"]

LONGEST_CHAIN = 5
_DEFAULT_PORTS = {"http": 80, "https": 443}
_PRIVATE = frozenset({"authorization", "cookie", "proxy-authorization", "x-api-key", "x-jwt-token"})


def target_of(response: requests.Response, url: str) -> str | None:
    """The URL that an answer redirects to; ``None`` for one that cannot be followed.

    From https it never leads to http.
    """
    location = response.headers.get("Location")
    if not response.is_redirect or not location:
        return None
    try:
        target = urljoin(url, location)
        is_sound = _origin(target)[0] in _DEFAULT_PORTS
    except ValueError:
        return None
    is_downgrade = url.startswith("https:") and not target.startswith("https:")
    return target if is_sound and not is_downgrade else None


def is_same_origin(one: str, other: str) -> bool:
    """Whether two URLs have the scheme, the host and the port in common."""
    return _origin(one) == _origin(other)


def without_secrets(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that may go to another origin."""
    return {name: value for name, value in headers.items() if name.lower() not in _PRIVATE}


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or _DEFAULT_PORTS.get(parts.scheme)
