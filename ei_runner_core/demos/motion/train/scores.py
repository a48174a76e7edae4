"""How many of the held-out windows a model names rightly, and how odd it finds the odd ones."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ei_runner_core import EdgeImpulseModel

from .recordings import LABELS, Recordings

__all__ = ["COLUMNS", "score"]

COLUMNS = ("accuracy", "mistakes", "anomaly of known motions", "anomaly of odd motions")


def score(model: EdgeImpulseModel, held_out: Recordings, odd: npt.NDArray[np.float32]) -> list[str]:
    """The columns of the table of scores for one file."""
    results = model.infer_batch(held_out.values.reshape(len(held_out.values), -1))
    right = sum(
        result.top(1)[0][0] == LABELS[label]
        for result, label in zip(results, held_out.labels, strict=True)
    )
    known = [result.anomaly or 0.0 for result in results]
    strange = [result.anomaly or 0.0 for result in model.infer_batch(odd.reshape(len(odd), -1))]
    accuracy = f"{right / len(results):.4f}"
    return [accuracy, str(len(results) - right), _span(known), _span(strange)]


def _span(values: list[float]) -> str:
    return f"{min(values):.2f} to {max(values):.2f}"
