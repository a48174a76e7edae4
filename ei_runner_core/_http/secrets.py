"""Keys that do not show up where they are printed, logged or stored by accident."""

from __future__ import annotations

import hmac
import re
from typing import Any, NoReturn

__all__ = ["Secret", "excerpt", "redact", "redact_document"]

HIDDEN = "***"
_SHOWN = "<secret>"
_API_KEY = re.compile(r"ei_[0-9A-Za-z]{16,}")


class Secret:
    """An API key, HMAC key or token.

    Printing, formatting and logging it shows ``<secret>``; it cannot be pickled and is not
    serialized to JSON. Only :meth:`reveal` gives the text, where it is put into a request.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself: never keep it, never put it into a message."""
        return self._text

    def __repr__(self) -> str:
        return _SHOWN

    def __format__(self, specification: str) -> str:
        return format(_SHOWN, specification)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Secret:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a Secret cannot be pickled: it would be written in plain text")


def redact(text: str, *secrets: Secret | None) -> str:
    """A text of others, such as a server's error message, without keys.

    Args:
        text: the text.
        secrets: what must not be in it. Whatever looks like an API key is taken out as well.

    Returns:
        The text with ``***`` in place of each of them.
    """
    for secret in secrets:
        if secret is not None and secret.reveal():
            text = text.replace(secret.reveal(), HIDDEN)
    return _API_KEY.sub(HIDDEN, text)


def excerpt(text: str | bytes, longest: int, *secrets: Secret | None) -> str:
    """The beginning of a text of others; no key is cut, which would hide it from :func:`redact`."""
    if isinstance(text, bytes):
        text = text[: 100 * longest].decode(errors="replace")
    return redact(text[: 100 * longest], *secrets)[:longest]


def redact_document(document: Any, *secrets: Secret | None) -> Any:
    """A document of JSON without keys in any of its texts."""
    if isinstance(document, str):
        return redact(document, *secrets)
    if isinstance(document, list):
        return [redact_document(item, *secrets) for item in document]
    if isinstance(document, dict):
        return {key: redact_document(item, *secrets) for key, item in document.items()}
    return document
