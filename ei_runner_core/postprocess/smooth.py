"""Smoothing by votes: the label that enough of the last readings agree on."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import InvalidInputError
from ..fields import count, number
from ..results import ResultParts
from .base import StepContext
from .sequence import ResultStep, read_settings, scores_of

__all__ = ["Smooth"]

LONGEST = 100_000  # readings

_FIELDS = {
    "anomaly_confidence": number(0.3),
    "classifier_confidence": number(0.8),
    "min_readings_same": count(7, most=LONGEST),
    "n_readings": count(10, most=LONGEST),
}


class Smooth(ResultStep):
    """Each reading is a vote for a label, for ``"anomaly"`` or for ``"uncertain"``.

    Args:
        config: ``n_readings``, how many readings vote; ``min_readings_same``, how many have to
            agree; ``classifier_confidence``, the score that makes a vote for a label;
            ``anomaly_confidence``, the score of anomaly that overrides it.
        context: tells the labels.
    """

    def __init__(self, config: Mapping[str, Any], context: StepContext) -> None:
        fields = read_settings("smooth", config, _FIELDS)
        if not 1 <= fields["min_readings_same"] <= fields["n_readings"]:
            raise InvalidInputError(
                f"min_readings_same of the smooth step is {fields['min_readings_same']}, expected "
                f"1 to n_readings, which is {fields['n_readings']}"
            )
        self._labels = context.labels
        self._names = (*context.labels, "uncertain", "anomaly")
        self._uncertain = len(context.labels)
        self._readings: int = fields["n_readings"]
        self._needed: int = fields["min_readings_same"]
        self._class_limit = float(np.float32(fields["classifier_confidence"]))
        self._anomaly_limit = float(np.float32(fields["anomaly_confidence"]))
        self.reset()

    @property
    def counts(self) -> tuple[int, ...]:
        """The votes for each label, for "uncertain" and for "anomaly"."""
        return tuple(self._counts)

    def update(self, parts: ResultParts) -> ResultParts:
        """See :meth:`ResultStep.update`.

        Takes ``classification`` and ``anomaly`` (if it is there); gives ``detected_label``.
        """
        vote = self._vote(scores_of(parts, "smoothing", self._labels), parts.get("anomaly", 0.0))
        self._counts[vote] += 1
        self._counts[self._votes.popleft()] -= 1
        self._votes.append(vote)
        most = max(self._counts)
        winner = self._counts.index(most) if most >= self._needed else self._uncertain
        return {**parts, "detected_label": self._names[winner]}

    def reset(self) -> None:
        """Forget all readings: each of them is uncertain again."""
        self._votes = deque([self._uncertain] * self._readings)
        self._counts = [0] * len(self._names)
        self._counts[self._uncertain] = self._readings

    def _vote(self, scores: list[float], anomaly: float) -> int:
        if anomaly >= self._anomaly_limit:
            return self._uncertain + 1
        sure = [index for index, score in enumerate(scores) if score >= self._class_limit]
        return sure[-1] if sure else self._uncertain  # the last one, as in the SDK
