"""Rules by which the local Studio fails on purpose."""

from __future__ import annotations

import random
import re
import threading
from collections.abc import Mapping
from typing import Literal, get_args

from msgspec import Struct, field

__all__ = ["Fault", "FaultKind", "Faults"]

FaultKind = Literal[
    "status",
    "refuse_json",
    "not_json",
    "cut_before",
    "cut_after",
    "cut_body",
    "never",
    "slow",
    "corrupt",
]


class Fault(Struct, frozen=True, kw_only=True):
    """Which requests fail, and how.

    These kinds answer without taking the request: ``status`` (with :attr:`status` and
    :attr:`reason`), ``refuse_json`` (``success: false`` under status 200), ``not_json`` (a page
    under status 200), ``cut_before`` (the connection is closed after :attr:`size` bytes of the
    request's body), ``never`` (no answer until the local Studio is closed).

    These take it: ``cut_after`` (closed before the answer), ``cut_body`` (closed after :attr:`size`
    bytes of the answer's body), ``slow`` (the answer's body comes in pieces of :attr:`size` bytes,
    :attr:`seconds` apart), ``corrupt`` (the bytes of the answer's body from :attr:`size` on are
    inverted, at most 64 of them).
    """

    kind: FaultKind
    path: str = ""
    """A regular expression, searched for in the path without the query."""
    method: str | None = None
    times: int | None = None
    """How often it strikes; without it, always."""
    skip: int = 0
    """How many fitting requests pass before the first one fails."""
    share: float = 1.0
    """Which part of the fitting requests fails, drawn by a generator of its own."""
    seed: int = 0
    status: int = 503
    retry_after: int | str | None = None
    """Seconds, or a date of HTTP."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Further headers of the kind ``status``, such as where a redirection leads."""
    reason: str = "Service unavailable"
    size: int = 0
    seconds: float = 0.01


class _Rule:
    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self._path = re.compile(fault.path)
        self._skip = fault.skip
        self._left = fault.times
        self._draw = random.Random(fault.seed)  # noqa: S311 (faults are drawn, no secrets)

    def strikes(self, method: str, path: str) -> bool:
        if self._left == 0 or (self.fault.method or method) != method:
            return False
        if not self._path.search(path):
            return False
        if self._skip:
            self._skip -= 1
            return False
        if self.fault.share < 1 and self._draw.random() >= self.fault.share:
            return False
        if self._left is not None:
            self._left -= 1
        return True


class Faults:
    """The rules in force. The first one that strikes decides. Usable from several threads."""

    def __init__(self) -> None:
        self._rules: list[_Rule] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        """Put a rule after the others.

        Raises:
            ValueError: its kind is unknown, or its path is no regular expression.
        """
        if fault.kind not in get_args(FaultKind):
            raise ValueError(
                f"unknown kind of fault {fault.kind!r}, expected {get_args(FaultKind)}"
            )
        rule = _Rule(fault)
        with self._lock:
            self._rules.append(rule)

    def clear(self) -> None:
        """Forget all rules."""
        with self._lock:
            self._rules.clear()

    def find(self, method: str, path: str) -> Fault | None:
        """The fault that hits this request, counted as struck."""
        with self._lock:
            return next((r.fault for r in self._rules if r.strikes(method, path)), None)
