"""Performance calibration: from the scores of a stream of sound to events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from ..errors import InvalidInputError
from ..fields import Field, count, flag, number
from ..results import ResultParts
from .base import StepContext
from .sequence import MICROPHONE, ResultStep, read_settings, scores_of

__all__ = ["Calibration"]

FloatArray = npt.NDArray[np.float32]

LONGEST = 100_000  # results in a window
MILLISECONDS = count(0, most=2**32 - 1)

_FIELDS = {
    "average_window_duration_ms": MILLISECONDS,
    "detection_threshold": number(0.8),
    "interval_ms": number(0.0),
    "is_configured": flag(default=False),
    "sensor": count(MICROPHONE),
    "slice_size": count(0, most=2**32 - 1),
    "suppression_flags": count(0),
    "suppression_ms": MILLISECONDS,
}
_SHOWN = (
    "average_window_duration_ms",
    "detection_threshold",
    "suppression_ms",
    "suppression_flags",
)


class Calibration(ResultStep):
    """Averages scores over time and reports a label when its average is high enough.

    Where it is configured the scores become 1 for the reported label and 0 for all others, else
    they become the averages. A sensor that is no microphone is left alone.

    Args:
        config: ``is_configured``; ``average_window_duration_ms``; ``detection_threshold``, the
            average that makes an event; ``suppression_flags``, a bit for each label that can be
            reported, 0 for all; ``suppression_ms``, for how long nothing is reported after a label
            with a bit; ``slice_size`` in samples and ``interval_ms`` between two samples, the time
            from result to result; ``sensor``, the SDK's number of it (default 1, a microphone).
        context: tells the labels.
    """

    threshold_type = "performance_calibration"
    _limits: ClassVar[Mapping[str, Field]] = {"detection_threshold": number(0.8)}

    def __init__(self, config: Mapping[str, Any], context: StepContext) -> None:
        fields = read_settings("calibration", config, _FIELDS, nested="performance_calibration")
        if not context.labels:
            raise InvalidInputError("calibration needs labels, but the model has none")
        self._labels = context.labels
        self._is_active: bool = fields["sensor"] == MICROPHONE
        self._is_configured: bool = fields["is_configured"]
        self._window, self._pause = _lengths(fields) if self._is_active else (1, 0)
        bits: int = fields["suppression_flags"]
        self._suppresses = [bool(bits >> index & 1) for index in range(len(self._labels))]
        self._ignored = ~np.array(self._suppresses) if bits else np.zeros(len(self._labels), bool)
        self._now = {name: fields[name] for name in _SHOWN}
        self._plan_limits()
        # a threshold that chance reaches disables the block; the SDK decides that only once
        chance = np.float32(1) / np.float32(len(self._labels))
        self._is_enabled = bool(self._threshold > chance)
        self.reset()

    def update(self, parts: ResultParts) -> ResultParts:
        """See :meth:`ResultStep.update`.

        Takes ``classification`` and replaces it; gives ``detected_label``, ``None`` without event.
        """
        scores = np.array(scores_of(parts, "calibration", self._labels), np.float32)
        if not self._is_active:
            return {**parts, "detected_label": None}
        event = None
        if self._is_enabled:
            scores = self._average(scores)
            event = self._event(scores) if self._is_configured else None
        if self._is_configured:
            scores.fill(0)
            if event is not None:
                scores[event] = 1
        classification = dict(zip(self._labels, scores.tolist(), strict=True))
        detected = None if event is None else self._labels[event]
        return {**parts, "classification": classification, "detected_label": detected}

    def reset(self) -> None:
        """Forget all scores, and that something was reported."""
        self._ring: FloatArray = np.zeros((self._window, len(self._labels)), np.float32)
        self._sums: FloatArray = np.zeros(len(self._labels), np.float32)
        self._seen = 0
        self._silent = self._pause  # results since the last label that silences

    def _average(self, scores: FloatArray) -> FloatArray:
        scores[~np.isfinite(scores)] = 0  # would stay in the sums for ever
        oldest = self._ring[self._seen % self._window]
        # a running sum, whose rounding the SDK's answers show
        self._sums -= oldest
        self._sums += scores
        oldest[...] = scores
        self._seen += 1
        means: FloatArray = self._sums / np.float32(min(self._seen, self._window))
        return means

    def _event(self, means: FloatArray) -> int | None:
        if self._silent < self._pause:
            self._silent += 1
            return None
        eligible = np.where(self._ignored, np.float32(0), means)
        best = int(eligible.argmax())
        if eligible[best] <= 0 or means[best] < self._threshold:
            return None
        if self._suppresses[best]:
            self._silent = 0
        return best

    def _plan_limits(self) -> None:
        self._threshold = np.float32(self._now["detection_threshold"])

    def _refuse(self, names: list[str]) -> None:
        if fixed := [name for name in names if name in self._now]:
            raise InvalidInputError(
                f"calibration reads {', '.join(fixed)} when the model is opened; only "
                "detection_threshold can be changed afterwards"
            )
        super()._refuse(names)


def _lengths(fields: Mapping[str, Any]) -> tuple[int, int]:
    """How many results the window and the pause after an event last."""
    with np.errstate(over="ignore"):
        slice_ms = np.float32(fields["slice_size"]) * np.float32(fields["interval_ms"])
    if not 0 < slice_ms < np.inf:
        raise InvalidInputError(
            f"calibration has a slice_size of {fields['slice_size']} samples and an interval_ms of "
            f"{fields['interval_ms']}, expected more than 0 of both"
        )
    window, pause = (
        int(np.float64(np.float32(fields[name]) / slice_ms))
        for name in ("average_window_duration_ms", "suppression_ms")
    )
    if window > LONGEST:
        raise InvalidInputError(
            f"the average_window_duration_ms of the calibration is {window} results long, expected "
            f"at most {LONGEST}"
        )
    return max(window, 1), pause
