"""Documents in the data acquisition format, and whether their signatures are right."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

from .exchange import RefusedError

__all__ = ["has_valid_signature", "read_acquisition", "value_count"]

_ZEROS = b"0" * 64


def read_acquisition(filename: str, content_type: str, content: bytes) -> dict[str, Any] | None:
    """The document in a file; None if it is empty or of another kind.

    Raises:
        RefusedError: it says that it is one, but cannot be read.
    """
    ending = filename.lower().rpartition(".")[2]
    is_told = content_type in ("application/json", "application/cbor")
    if not content or not (is_told or ending in ("json", "cbor")):
        return None
    # The official Python client says CBOR of a document in JSON.
    is_json = content.lstrip()[:1] == b"{"
    document = _read_json(content) if is_json or ending == "json" else _read_cbor(content)
    is_acquisition = isinstance(document, dict) and "payload" in document
    return document if is_acquisition else None


def has_valid_signature(
    document: dict[str, Any] | None, content: bytes, hmac_key: str
) -> bool | None:
    """Whether the document is signed with the key; None if it says nothing about it.

    The signature covers the very bytes of the document, with zeros in its own place.
    """
    protected = document.get("protected") if document else None
    if not isinstance(protected, dict) or protected.get("alg") != "HS256":
        return None
    signature = (document or {}).get("signature")
    if not isinstance(signature, str) or len(signature) != len(_ZEROS):
        return False
    signed = content.replace(signature.encode(), _ZEROS, 1)
    right = hmac.new(hmac_key.encode(), signed, hashlib.sha256).hexdigest()
    return hmac.compare_digest(right.encode(), signature.encode())


def value_count(document: dict[str, Any] | None) -> int | None:
    """How many values a document holds, where that can be told."""
    payload = document.get("payload") if document else None
    values = payload.get("values") if isinstance(payload, dict) else None
    return len(values) if isinstance(values, list) else None


def _read_json(content: bytes) -> Any:
    try:
        return json.loads(content)  # it takes NaN, which the official clients send
    except ValueError:
        raise RefusedError("Invalid JSON") from None


def _read_cbor(content: bytes) -> Any:
    try:
        import cbor2
    except ImportError:
        raise RefusedError("CBOR needs cbor2: pip install 'ei-runner[cbor]'") from None
    try:
        return cbor2.loads(content)
    except (cbor2.CBORDecodeError, ValueError):
        raise RefusedError("Invalid CBOR") from None
