"""What a model says about a sample, in one word, and whether that is right."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..results import InferenceResult

__all__ = ["ANOMALY", "ANOMALY_THRESHOLD", "best_answer"]

ANOMALY = "anomaly"
"""The label of a sample that shows nothing that the model knows."""
ANOMALY_THRESHOLD = 1.0
"""The anomaly score above which a sample counts as one: between those of known and odd motions."""


def best_answer(result: InferenceResult | None) -> tuple[str, float]:
    """The answer of a model and its score.

    It is ``"anomaly"`` above the threshold, else the best label; for objects all labels in
    alphabetical order, with the lowest score. Empty, with a score of 0, if there is none.
    """
    if result is None:
        return "", 0.0
    if result.anomaly is not None and result.anomaly > ANOMALY_THRESHOLD:
        return ANOMALY, result.anomaly
    if result.bounding_boxes is not None:
        labels = sorted(box.label for box in result.bounding_boxes)
        return ", ".join(labels), min((box.value for box in result.bounding_boxes), default=0.0)
    best = result.top(1)
    return best[0] if best else ("", 0.0)
