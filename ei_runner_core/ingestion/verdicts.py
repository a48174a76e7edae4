"""What the ingestion service says became of a sample."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from .._http.troubles import trouble_of_answer
from ..contract import Receipt

if TYPE_CHECKING:
    import requests

__all__ = ["REFUSALS", "Refused", "Unreadable", "read_receipt"]

REFUSALS = (400, 409, 413, 415, 422, 431)
"""The statuses of answers that are about the sample itself."""

_DUPLICATE = re.compile(r"\bhash already exists\b", re.IGNORECASE)
_IDS = re.compile(r"\bids?: *(\d+)")


class Unreadable(Exception):  # noqa: N818 - internal, what it means depends on the request
    """The answer does not tell whether the sample was taken. Its text says why, as a clause."""


class Refused(Exception):  # noqa: N818 - internal, as above
    """The service refuses the whole request. Its text is the service's own."""


def read_receipt(filename: str, response: requests.Response) -> Receipt:
    """The verdict of an answer that is a success or one of :data:`REFUSALS`.

    Raises:
        Unreadable: it tells nothing.
        Refused: it tells of the request, not of the sample.
    """
    if not response.ok:
        return _refused(filename, trouble_of_answer(response, response.content).reason)
    try:
        document = json.loads(response.content)
    except (ValueError, RecursionError):
        raise Unreadable("the answer is no JSON") from None
    verdicts = document.get("files") if isinstance(document, dict) else None
    if isinstance(verdicts, list) and verdicts and all(map(_is_verdict, verdicts)):
        return _receipt(filename, verdicts)
    if isinstance(document, dict) and document.get("success") is False:
        reason = str(document.get("error") or "no reason given")
        if _DUPLICATE.search(reason):
            return _refused(filename, reason)
        raise Refused(reason)
    raise Unreadable("the answer has no verdict on it")


def _refused(filename: str, reason: str) -> Receipt:
    is_duplicate = _DUPLICATE.search(reason) is not None
    return Receipt(filename, ok=False, message=reason, is_duplicate=is_duplicate)


def _is_verdict(verdict: Any) -> bool:
    return isinstance(verdict, dict) and isinstance(verdict.get("success"), bool)


def _receipt(filename: str, verdicts: list[dict[str, Any]]) -> Receipt:
    """The first verdict is that of the sample; others are of its attachments.

    Attachments may be files that are there already: many samples can have the same one.
    """
    first, *others = verdicts
    problems = [] if first["success"] else [_error(first)]
    problems += [text for text in map(_error, others) if text and not _DUPLICATE.search(text)]
    sample_id = _sample_id(first)
    if not problems:
        return Receipt(filename, ok=True, sample_id=sample_id)
    is_duplicate = bool(_DUPLICATE.search(problems[0])) and not first["success"]
    return Receipt(
        filename,
        ok=False,
        message="; ".join(problems),
        sample_id=sample_id,
        is_duplicate=is_duplicate,
    )


def _error(verdict: dict[str, Any]) -> str:
    return "" if verdict["success"] else str(verdict.get("error") or "no reason given")


def _sample_id(verdict: dict[str, Any]) -> int | None:
    """Of the sample, or of the equal one that was there before."""
    if verdict["success"]:
        number = verdict.get("sampleId")
        return number if type(number) is int else None
    found = _IDS.search(_error(verdict))
    return int(found[1]) if found else None
