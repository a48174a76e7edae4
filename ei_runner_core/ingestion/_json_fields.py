"""The fields at the top of a document in JSON, with the places of their texts in its bytes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

__all__ = ["json_fields"]

_SPACE = re.compile(r"[ \t\n\r]*")
_DECODER = json.JSONDecoder()


def json_fields(document: bytes) -> Iterator[tuple[str, Any, slice]]:
    """The name and the value of each field, and the bytes between the quotes of a text.

    Raises:
        ValueError: the document is damaged; fields before the damage may have been given.
    """
    text = document.decode()
    at = _expect(text, _skip(text, 0), "{")
    is_first = True
    while text[at : at + 1] != "}":
        if not is_first:
            at = _skip(text, _expect(text, at, ","))
        is_first = False
        name, at = _DECODER.raw_decode(text, _expect(text, at, '"') - 1)
        start = _skip(text, _expect(text, _skip(text, at), ":"))
        value, end = _DECODER.raw_decode(text, start)
        yield name, value, _bytes(text, start + 1, end - 1) if name == "signature" else slice(0)
        at = _skip(text, end)


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _expect(text: str, at: int, sign: str) -> int:
    if text[at : at + 1] != sign:
        raise ValueError(f"expected {sign!r} at character {at}")
    return at + 1


def _bytes(text: str, start: int, end: int) -> slice:
    """A character of UTF-8 may be several bytes."""
    first = len(text[:start].encode())
    return slice(first, first + len(text[start:end].encode()))
