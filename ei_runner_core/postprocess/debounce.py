"""One event for a label that stays, however many results show it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import InvalidInputError
from ..fields import count, number
from ..results import ResultParts
from .base import StepContext
from .sequence import ResultStep, read_settings, scores_of

__all__ = ["Debounce"]

_FIELDS = {"confidence": number(0.8), "consecutive": count(3), "suppress": count(0)}


class Debounce(ResultStep):
    """Reports a label once when it stays the best and above a confidence.

    It can be reported again when it was away for a result.

    Args:
        config: ``confidence``, the score that a label needs; ``consecutive``, for how many results
            in a row; ``suppress``, for how many results nothing is reported after an event.
        context: tells the labels.
    """

    def __init__(self, config: Mapping[str, Any], context: StepContext) -> None:
        fields = read_settings("debounce", config, _FIELDS)
        if not fields["consecutive"]:
            raise InvalidInputError("the debounce step has 0 as consecutive, expected at least 1")
        if not context.labels:
            raise InvalidInputError("debouncing needs labels, but the model has none")
        self._labels = context.labels
        self._confidence: float = fields["confidence"]
        self._consecutive: int = fields["consecutive"]
        self._suppress: int = fields["suppress"]
        self.reset()

    def update(self, parts: ResultParts) -> ResultParts:
        """See :meth:`ResultStep.update`.

        Takes ``classification``; gives ``detected_label``, ``None`` without event.
        """
        label = self._sure_label(scores_of(parts, "debouncing", self._labels))
        if label != self._label:
            self._begin(label)
        self._run += 1
        return {**parts, "detected_label": label if self._is_event() else None}

    def reset(self) -> None:
        """Forget all results and events."""
        self._begin(None)
        self._silence = 0

    def _begin(self, label: str | None) -> None:
        self._label = label
        self._run = 0
        self._is_reported = False

    def _sure_label(self, scores: list[float]) -> str | None:
        best = max(scores)
        return self._labels[scores.index(best)] if best >= self._confidence else None

    def _is_event(self) -> bool:
        if self._silence:
            self._silence -= 1
            return False
        if self._label is None or self._is_reported or self._run < self._consecutive:
            return False
        self._is_reported = True
        self._silence = self._suppress
        return True
