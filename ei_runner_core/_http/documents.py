"""The JSON documents that all of Edge Impulse's calls answer with."""

from __future__ import annotations

import json
from typing import Any

import requests

from .secrets import Secret, excerpt, redact_document

__all__ = ["success_of"]

LONGEST_EXCERPT = 80
LONGEST_REASON = 1000


def success_of(response: requests.Response, key: Secret | None) -> dict[str, Any] | str:
    """The document of an answer, or why it is none that says ``"success": true``.

    Under HTTP 200 too, the services say ``"success": false`` where they refuse something. The key
    is taken out wherever a service repeats it.
    """
    try:
        document = json.loads(response.content)
    except (ValueError, RecursionError):
        shown = _shown(response, key)
        return f"the answer is no JSON ({shown}); is that a proxy or another service?"
    if not isinstance(document, dict):
        return f"the answer is no JSON object ({_shown(response, key)})"
    if document.get("success") is True:
        is_repeated = key is not None and key.reveal().encode() in response.content
        found: dict[str, Any] = redact_document(document, key) if is_repeated else document
        return found
    error = document.get("error")
    if not isinstance(error, str) or not error:
        return "the service refuses, without a reason"
    return excerpt(error, LONGEST_REASON, key)


def _shown(response: requests.Response, key: Secret | None) -> str:
    kind = response.headers.get("Content-Type", "without a type")
    return f"{kind}: {excerpt(response.content, LONGEST_EXCERPT, key)!r}"
