"""How far a quantised model is from the float one."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from math import inf
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from .calibration import Trial

__all__ = ["agreement", "largest_difference"]


def agreement(ours: Sequence[Hashable], theirs: Sequence[Hashable]) -> float | None:
    """The share (0 to 1) of equal answers; ``None`` if there are only answers without a label."""
    pairs = [(a, b) for a, b in zip(ours, theirs, strict=True) if a is not None]
    return sum(a == b for a, b in pairs) / len(pairs) if pairs else None


def largest_difference(ours: Trial, theirs: Trial, block_ids: Iterable[int]) -> float:
    """The largest difference between real outputs of the networks of some blocks."""
    return max(
        (
            _distance(a, b)
            for key in block_ids
            for several, others in zip(
                ours.sessions[key].answered, theirs.sessions[key].answered, strict=True
            )
            for a, b in zip(several, others, strict=True)
            if a.dtype.kind == "f"
        ),
        default=0.0,
    )


def _distance(a: npt.NDArray[np.generic], b: npt.NDArray[np.generic]) -> float:
    if a.shape != b.shape:  # such as a list of what was found
        return inf
    return float(np.max(np.abs(a.astype(np.float64) - b.astype(np.float64)), initial=0.0))
