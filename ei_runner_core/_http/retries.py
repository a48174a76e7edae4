"""How often a request is sent again, and how long to wait before."""

from __future__ import annotations

import random
import time
from email.utils import parsedate_to_datetime

import msgspec

__all__ = ["Retries", "parse_retry_after"]

LONGEST_RETRY_AFTER = 24 * 3600.0


class Retries(msgspec.Struct, frozen=True):
    """Exponential back-off with full jitter, so that many clients do not come back at once.

    Attributes:
        attempts: how often a request is sent at most.
        base: the upper bound of the first pause, in seconds; it doubles with each attempt.
        longest: the upper bound of all pauses, in seconds.
    """

    attempts: int = 6
    base: float = 0.5
    longest: float = 30.0

    def pause(self, attempt: int, retry_after: float | None = None) -> float:
        """Seconds to wait after an attempt, the first being 1.

        Args:
            attempt: which attempt has failed.
            retry_after: what the service asks for, in seconds; no pause is shorter.
        """
        bound = min(self.longest, self.base * 2.0 ** min(attempt - 1, 64))
        return (retry_after or 0.0) + random.uniform(0.0, bound)  # noqa: S311 - no secret


def parse_retry_after(header: str | None, date: str | None = None) -> float | None:
    """Seconds that a header ``Retry-After`` asks for: a number or a date.

    Args:
        header: what it says.
        date: the header ``Date`` of the same answer: the service's clock may not be ours.

    Returns:
        Between 0 and one day; ``None`` for no header or one that means nothing.
    """
    seconds = _seconds((header or "").strip(), (date or "").strip())
    return None if seconds is None else min(max(seconds, 0.0), LONGEST_RETRY_AFTER)


def _seconds(text: str, date: str) -> float | None:
    if text.isascii() and text.isdigit():
        return float(text)
    until = _moment(text)
    now = _moment(date)
    return None if until is None else until - (time.time() if now is None else now)


def _moment(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (TypeError, ValueError, OverflowError, IndexError):
        return None
