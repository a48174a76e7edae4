"""How many of the held-out windows a model names rightly."""

from __future__ import annotations

import numpy as np

from ei_runner_core import EdgeImpulseModel

from .data import LABELS, Windows

__all__ = ["COLUMNS", "score"]

COLUMNS = ("accuracy", "mistakes", *(f"recall of {label}" for label in LABELS))


def score(model: EdgeImpulseModel, held_out: Windows) -> list[str]:
    """The columns of the table of scores for one file."""
    results = model.infer_batch(held_out.windows.astype(np.float32))
    answers = np.array([LABELS.index(result.top(1)[0][0]) for result in results])
    right = answers == held_out.labels
    recalls = (right[held_out.labels == code].mean() for code in range(len(LABELS)))
    mistakes = len(right) - int(right.sum())
    return [f"{right.mean():.4f}", str(mistakes), *(f"{recall:.2f}" for recall in recalls)]
