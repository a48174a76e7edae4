"""What follows a failed attempt: another one after a pause, or the end."""

from __future__ import annotations

from typing import Literal

import msgspec

from .retries import Retries
from .troubles import Trouble

__all__ = ["GiveUp", "next_step"]


_MOST_SILENCES = 2  # each has taken all the time that an answer may take


class GiveUp(msgspec.Struct, frozen=True):
    """There will be no other attempt.

    Attributes:
        kind: the service failed, the time was up, or nobody knows whether it took the request.
        message: why, and what to do next.
    """

    kind: Literal["failure", "deadline", "unknown"]
    message: str


def next_step(
    trouble: Trouble, attempt: int, left: float, *, is_safe: bool, retries: Retries
) -> float | GiveUp:
    """Decide whether to try again.

    Args:
        trouble: why the attempt failed.
        attempt: which one it was, the first being 1.
        left: seconds until the deadline.
        is_safe: whether the request may be sent again when nobody knows if it was taken.
        retries: how often, and after which pauses.

    Returns:
        Seconds to wait before the next attempt, or why there is none.
    """
    tries = f" (after {attempt} attempts)" if attempt > 1 else ""
    message = f"{trouble.reason}{tries}" + (f"; {trouble.hint}" if trouble.hint else "")
    if trouble.is_unknown and not is_safe:
        return GiveUp("unknown", message)
    if trouble.is_final:
        return GiveUp("failure", message)
    if left <= 0:
        return GiveUp("deadline", f"the time is up: {message}")
    most = min(_MOST_SILENCES, retries.attempts) if trouble.is_silence else retries.attempts
    if attempt >= most:
        return GiveUp("failure", message)
    pause = retries.pause(attempt, trouble.retry_after)
    if pause < left:
        return pause
    who = "the service asks to wait" if trouble.retry_after else "the next attempt is due in"
    return GiveUp("deadline", f"{who} {pause:.1f} s, but only {left:.1f} s are left: {message}")
