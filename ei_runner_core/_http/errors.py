"""What can happen to a request that its caller must tell apart; users never see these."""

from __future__ import annotations

__all__ = ["AnswerCut", "OutcomeUnknown"]


class OutcomeUnknown(Exception):  # noqa: N818 - it is news about a request, not a kind of error
    """A request that must not be sent twice may or may not have been taken.

    Its text is one line without secrets, fit for the message of a public error.
    """


class AnswerCut(Exception):  # noqa: N818 - as above
    """The body of an answer ended early, stood still for too long or could not be decoded.

    What came before is sound: a download can be resumed behind it.
    """
