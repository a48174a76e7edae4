"""Smoothing by the mean of the last results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import InvalidInputError
from ..fields import count, flag
from ..results import ResultParts
from .base import StepContext
from .sequence import ResultStep, read_settings, scores_of

__all__ = ["MovingAverage"]

LONGEST = 100_000  # results

_FIELDS = {"ramp": flag(default=False), "windows": count(4, most=LONGEST)}


class MovingAverage(ResultStep):
    """The mean score of each label over the last results.

    Args:
        config: ``windows``, how many results count; ``ramp``, divide by that number from the
            first result on, so that scores rise slowly (as Edge Impulse's Node.js client does),
            instead of by the number of results so far.
        context: tells the labels.
    """

    def __init__(self, config: Mapping[str, Any], context: StepContext) -> None:
        fields = read_settings("moving_average", config, _FIELDS)
        if not fields["windows"]:
            raise InvalidInputError("the moving_average step has 0 windows, expected at least 1")
        self._labels = context.labels
        self._ring = np.zeros((fields["windows"], len(context.labels)))
        self._ramps: bool = fields["ramp"]
        self.reset()

    def update(self, parts: ResultParts) -> ResultParts:
        """See :meth:`ResultStep.update`; takes ``classification`` and replaces it."""
        windows = len(self._ring)
        self._ring[self._seen % windows] = scores_of(parts, "a moving average", self._labels)
        self._seen += 1
        held = min(self._seen, windows)
        means = self._ring[:held].sum(axis=0) / (windows if self._ramps else held)
        return {**parts, "classification": dict(zip(self._labels, means.tolist(), strict=True))}

    def reset(self) -> None:
        """Forget all results."""
        self._seen = 0
