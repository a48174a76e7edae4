"""HTTP as Edge Impulse's services need it: deadlines, retries, and keys that never leak.

The names are imported on first use: importing requests takes longer than most commands.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .bodies import read_chunks
    from .client import HttpClient
    from .errors import AnswerCut, OutcomeUnknown
    from .hosts import Hosts
    from .retries import Retries, parse_retry_after
    from .secrets import Secret, redact

__all__ = [
    "AnswerCut",
    "Hosts",
    "HttpClient",
    "OutcomeUnknown",
    "Retries",
    "Secret",
    "parse_retry_after",
    "read_chunks",
    "redact",
]

_HOMES = {
    "AnswerCut": "errors",
    "Hosts": "hosts",
    "HttpClient": "client",
    "OutcomeUnknown": "errors",
    "Retries": "retries",
    "Secret": "secrets",
    "parse_retry_after": "retries",
    "read_chunks": "bodies",
    "redact": "secrets",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
