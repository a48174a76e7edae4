"""Signatures of documents in the data acquisition format, in their very bytes.

The signature is an HMAC-SHA256 over the whole document, with 64 zeros where it will stand. It is
put there in the same bytes: a document that were parsed and written anew could become another one.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, NamedTuple

from ..errors import InvalidInputError
from ._cbor_fields import cbor_fields
from ._json_fields import json_fields

if TYPE_CHECKING:
    from .._http.secrets import Secret

__all__ = ["ALGORITHM", "UNSIGNED", "sign", "verify"]

ALGORITHM = "HS256"
"""What a signed document says of itself; others say ``none``."""

UNSIGNED = "0" * 64
"""Stands in the place of the signature while it is computed, and where there is none."""


def sign(document: bytes, key: str | Secret) -> bytes:
    """Put the signature into a document.

    Args:
        document: JSON (UTF-8) or CBOR whose algorithm is ``HS256`` and whose field ``signature``
            is a text of 64 characters, whatever they are.
        key: the HMAC key of the project. Its UTF-8 bytes are used as they are.

    Returns:
        The same bytes, but for the 64 of the signature.

    Raises:
        InvalidInputError: it is no such document.
    """
    found = _find(document)
    if found.algorithm != ALGORITHM:
        raise InvalidInputError(
            f"the document says that its algorithm is {found.algorithm!r}, expected {ALGORITHM!r}"
        )
    if found.offset is None:
        raise InvalidInputError(
            "the document has no field 'signature' with a text of 64 characters to sign in"
        )
    return _replace(document, found.offset, _signature(document, found.offset, key))


def verify(document: bytes, key: str | Secret) -> bool:
    """Whether a document was signed with a key, and no byte of it was changed since.

    Args:
        document: JSON (UTF-8) or CBOR.
        key: the HMAC key of the project.

    Returns:
        False also for a document without a signature, such as one with the algorithm ``none``.

    Raises:
        InvalidInputError: the document cannot be read.
    """
    found = _find(document)
    if found.algorithm != ALGORITHM or found.offset is None:
        return False
    there = document[found.offset : found.offset + len(UNSIGNED)]
    return hmac.compare_digest(there, _signature(document, found.offset, key))


class _Found(NamedTuple):
    algorithm: object
    offset: int | None


def _find(document: bytes) -> _Found:
    """Only the field ``signature`` at the top counts: other texts may look like one."""
    is_json = document[:64].lstrip(b" \t\r\n").startswith(b"{")
    algorithm: object = None
    offset: int | None = None
    missing = {"protected", "signature"}
    try:
        for name, value, place in json_fields(document) if is_json else cbor_fields(document):
            if name == "protected" and isinstance(value, dict):
                algorithm = value.get("alg")
            elif name == "signature" and isinstance(value, str):
                offset = place.start if _can_hold_one(value, place) else None
            missing.discard(name)
            if not missing:  # the values, which may be many, need not be read
                break
    except (RecursionError, ValueError) as error:
        raise InvalidInputError(
            f"the document cannot be read ({error}); expected the data acquisition format as JSON "
            "or CBOR"
        ) from None
    return _Found(algorithm, offset)


def _can_hold_one(value: str, place: slice) -> bool:
    """Not where the text is written with escapes, or in pieces."""
    return len(value) == len(UNSIGNED) == len(range(place.start or 0, place.stop))


def _signature(document: bytes, offset: int, key: str | Secret) -> bytes:
    text = key if isinstance(key, str) else key.reveal()
    zeroed = _replace(document, offset, UNSIGNED.encode())
    return hmac.new(text.encode(), zeroed, "sha256").hexdigest().encode()


def _replace(document: bytes, offset: int, signature: bytes) -> bytes:
    return document[:offset] + signature + document[offset + len(signature) :]
