"""The fields at the top of a document in CBOR, with the places of their texts in its bytes.

A decoder gives values, not places, so that the items are walked here: RFC 8949, section 3.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

__all__ = ["cbor_fields"]

_BYTES, _TEXT, _ARRAY, _MAP, _TAG = 2, 3, 4, 5, 6
_INDEFINITE = 31
_BREAK = 0xFF


class _Head(NamedTuple):
    """``argument`` is None for items without a length, which a break ends; ``end`` of the head."""

    kind: int
    argument: int | None
    end: int


def cbor_fields(document: bytes) -> Iterator[tuple[str, Any, slice]]:
    """The name and the value of each field, and the bytes of a text behind its head.

    Values are texts, and dicts of texts with what else they hold as None; other values are None.

    Raises:
        ValueError: the document is damaged; fields before the damage may have been given.
    """
    head = _head(document, 0)
    while head.kind == _TAG:
        head = _head(document, head.end)
    if head.kind != _MAP:
        raise ValueError("it is no map")
    for key, at in _entries(document, head):
        name = _text(document, key)
        value = _value(document, at)
        yield name or "", value, _place(document, at)


def _value(document: bytes, at: int) -> Any:
    head = _head(document, at)
    if head.kind != _MAP:
        return _text(document, at)
    return {_text(document, key): _text(document, place) for key, place in _entries(document, head)}


def _entries(document: bytes, head: _Head) -> Iterator[tuple[int, int]]:
    """Where each key of a map and its value begin."""
    at, left = head.end, head.argument
    while left != 0 and not (left is None and _byte(document, at) == _BREAK):
        value = _skip(document, at)
        yield at, value
        at = _skip(document, value)
        left = None if left is None else left - 1


def _text(document: bytes, at: int) -> str | None:
    is_text = _head(document, at).kind == _TEXT
    return document[_place(document, at)].decode() if is_text else None


def _place(document: bytes, at: int) -> slice:
    head = _head(document, at)
    if head.kind != _TEXT or head.argument is None:
        return slice(0)
    return slice(head.end, head.end + head.argument)


def _skip(document: bytes, at: int) -> int:
    """The place behind an item and all that it holds; without recursion."""
    missing: list[int | None] = [1]  # items at each depth; None: until a break
    while missing:
        left = missing[-1]
        if left == 0 or (left is None and _byte(document, at) == _BREAK):
            missing.pop()
            at += left is None
            continue
        if left is not None:
            missing[-1] = left - 1
        head = _head(document, at)
        at = head.end + (head.argument or 0 if head.kind in (_BYTES, _TEXT) else 0)
        missing.append(_inner(head))
    if at > len(document):
        raise ValueError("it ends too early")
    return at


def _inner(head: _Head) -> int | None:
    """How many items follow that belong to this one; None: until a break."""
    if head.argument is None:
        return None
    if head.kind == _MAP:
        return 2 * head.argument
    return {_ARRAY: head.argument, _TAG: 1}.get(head.kind, 0)


def _head(document: bytes, at: int) -> _Head:
    first = _byte(document, at)
    kind, size = first >> 5, first & 31
    if size < 24:
        return _Head(kind, size, at + 1)
    if size == _INDEFINITE and kind in (_BYTES, _TEXT, _ARRAY, _MAP):
        return _Head(kind, None, at + 1)
    if size > 27:
        raise ValueError(f"byte {at} is {first:#04x}, which begins no item")
    end = at + 1 + 2 ** (size - 24)
    if end > len(document):
        raise ValueError("it ends too early")
    return _Head(kind, int.from_bytes(document[at + 1 : end], "big"), end)


def _byte(document: bytes, at: int) -> int:
    if at >= len(document):
        raise ValueError("it ends too early")
    return document[at]
