"""A request as the local Studio reads it, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field, json

__all__ = ["Answer", "RefusedError", "Request", "json_answer", "refused", "text_answer"]

JSON = "application/json; charset=utf-8"
TEXT = "text/plain; charset=utf-8"


class Request(Struct, frozen=True):
    """What came. The names of ``headers`` are found in any case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""

    def number(self, name: str) -> int | None:
        """A value of the query as an integer; None if it is missing or empty."""
        text = self.query.get(name)
        if not text:
            return None
        try:
            return int(text)
        except ValueError:
            raise RefusedError(f"Invalid value for {name}: expected an integer", 400) from None

    def json_object(self) -> dict[str, Any]:
        """The body as a JSON object; an empty body is an empty one."""
        try:
            return json.decode(self.body or b"{}", type=dict[str, Any])
        except ValueError:
            raise RefusedError("The body is not a JSON object", 400) from None


class Answer(Struct, frozen=True):
    """What is sent back. The length of the body is told without a header for it."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class RefusedError(Exception):
    """The reason why a request is not answered as it was meant."""

    def __init__(self, reason: str, status: int = 200) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status


def json_answer(content: Mapping[str, Any], status: int = 200) -> Answer:
    """The form of all answers of Studio."""
    return Answer(status, json.encode(content), {"Content-Type": JSON})


def refused(reason: str, status: int = 200) -> Answer:
    """Studio says no, often under status 200."""
    return json_answer({"success": False, "error": reason}, status)


def text_answer(text: str, status: int = 200) -> Answer:
    """The form of the answers of the legacy ingestion service."""
    return Answer(status, text.encode(), {"Content-Type": TEXT})
