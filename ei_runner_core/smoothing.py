"""Steadier answers from a stream of results, such as those of a microphone.

A model that listens all the time answers several times a second, and single answers can be wrong.
Each class of this module takes one :class:`~ei_runner_core.InferenceResult` after the other and
gives it back with what the last ones say together. Results that are not ready pass through and are
not counted.

Which one?

* :class:`MovingAverage` evens out the scores;
* :class:`Smooth` names the label that enough of the last results agree on;
* :class:`Debounce` reports a label once when it begins, so that something is done once.

They can be chained: average the scores, then debounce the averages.

    >>> from ei_runner_core import InferenceResult
    >>> average, debounce = MovingAverage(2), Debounce(confidence=0.7, consecutive=2)
    >>> for score in (0.9, 0.1, 0.9, 0.9, 0.9, 0.9):
    ...     result = InferenceResult(classification={"yes": score, "noise": 1 - score})
    ...     result = debounce.update(average.update(result))
    ...     print(round(result.classification["yes"], 2), result.detected_label)
    0.9 None
    0.5 None
    0.5 None
    0.9 None
    0.9 yes
    0.9 None
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from msgspec.structs import replace

from .errors import InvalidInputError
from .postprocess.base import StepContext
from .postprocess.debounce import Debounce as DebounceStep
from .postprocess.moving_average import MovingAverage as MovingAverageStep
from .postprocess.sequence import ResultStep
from .postprocess.smooth import Smooth as SmoothStep
from .results import InferenceResult, ResultParts

__all__ = ["Debounce", "MovingAverage", "Smooth"]


class _Smoother(ABC):
    """A step that is planned when the first result tells the labels."""

    def __init__(self) -> None:
        self._plan(("any",))  # only to find wrong arguments now
        self._step: ResultStep | None = None

    @abstractmethod
    def _plan(self, labels: Sequence[str]) -> ResultStep:
        """The step for these labels."""

    def update(self, result: InferenceResult) -> InferenceResult:
        """Take in the next result.

        Args:
            result: what a classification model answered.

        Returns:
            The same result with other scores or with a ``detected_label``; one that is not ready
            unchanged.

        Raises:
            InvalidInputError: it has no scores of classes, or those of other labels than before.
        """
        if not result.ready:
            return result
        if result.classification is None:
            raise InvalidInputError(f"there are no classes to smooth in {result!r}")
        if self._step is None:
            self._step = self._plan(tuple(result.classification))
        parts = ResultParts(classification=result.classification)
        if result.anomaly is not None:
            parts["anomaly"] = result.anomaly
        changed: InferenceResult = replace(result, **self._step.update(parts))
        return changed

    def reset(self) -> None:
        """Forget all results; the next one may have other labels."""
        self._step = None


class MovingAverage(_Smoother):
    """The mean score of each label over the last results.

        >>> average = MovingAverage(4)
        >>> for score in (1.0, 0.0, 0.5):
        ...     print(average.update(InferenceResult(classification={"yes": score})).top())
        [('yes', 1.0)]
        [('yes', 0.5)]
        [('yes', 0.5)]

    Args:
        n: how many results count, at least 1. While there are fewer, the mean is that of them.
        ramp: divide by ``n`` from the first result on, so that scores rise slowly, as in Edge
            Impulse's Node.js client.

    Raises:
        InvalidInputError: ``n`` is not a whole number of at least 1.
    """

    def __init__(self, n: int, *, ramp: bool = False) -> None:
        self._config = {"windows": n, "ramp": ramp}
        super().__init__()

    def _plan(self, labels: Sequence[str]) -> ResultStep:
        return MovingAverageStep(self._config, StepContext(labels=tuple(labels)))


class Debounce(_Smoother):
    """Reports a label as ``detected_label`` once when it begins, however long it stays.

    A label is there while it is the best one and its score reaches the confidence. It is reported
    again after it was away.

        >>> debounce = Debounce(consecutive=2)
        >>> for score in (0.9, 0.9, 0.9, 0.2, 0.9, 0.9):
        ...     result = InferenceResult(classification={"yes": score, "no": 0.1})
        ...     print(debounce.update(result).detected_label)
        None
        yes
        None
        None
        None
        yes

    Args:
        confidence: the score that a label needs.
        consecutive: how many results in a row have to show it, at least 1.
        suppress: for how many results nothing is reported after an event.

    Raises:
        InvalidInputError: an argument is not such a number.
    """

    def __init__(self, confidence: float = 0.8, consecutive: int = 3, suppress: int = 0) -> None:
        self._config = {
            "confidence": confidence,
            "consecutive": consecutive,
            "suppress": suppress,
        }
        super().__init__()

    def _plan(self, labels: Sequence[str]) -> ResultStep:
        return DebounceStep(self._config, StepContext(labels=tuple(labels)))


class Smooth(_Smoother):
    """Names the label that enough of the last results vote for, else ``"uncertain"``.

    Each result is a vote: for a label whose score reaches the confidence (the last one where there
    are several), for ``"anomaly"`` where that score is high, else for ``"uncertain"``. What most
    votes are for becomes ``detected_label`` if they are enough.

        >>> smooth = Smooth(n_readings=3, min_readings_same=2)
        >>> for score in (0.9, 0.9, 0.3, 0.3):
        ...     result = InferenceResult(classification={"yes": score, "no": 0.1})
        ...     print(smooth.update(result).detected_label)
        uncertain
        yes
        yes
        uncertain

    Args:
        n_readings: how many of the last results vote.
        min_readings_same: how many votes are enough, 1 to ``n_readings``.
        classifier_confidence: the score that makes a vote for a label.
        anomaly_confidence: the score of anomaly that makes a vote for ``"anomaly"``.

    Raises:
        InvalidInputError: an argument is not such a number.
    """

    def __init__(
        self,
        n_readings: int = 10,
        min_readings_same: int = 7,
        classifier_confidence: float = 0.8,
        anomaly_confidence: float = 0.3,
    ) -> None:
        self._config = {
            "n_readings": n_readings,
            "min_readings_same": min_readings_same,
            "classifier_confidence": classifier_confidence,
            "anomaly_confidence": anomaly_confidence,
        }
        super().__init__()

    def _plan(self, labels: Sequence[str]) -> ResultStep:
        return SmoothStep(self._config, StepContext(labels=tuple(labels)))
