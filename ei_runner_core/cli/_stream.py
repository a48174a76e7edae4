"""The samples of a sound demo one after another, as a microphone would hear them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..demos.answers import best_answer
from ..parameters import SensorType

if TYPE_CHECKING:
    import numpy.typing as npt

    from ..model import EdgeImpulseModel

__all__ = ["Heard", "hears", "listen"]

BACKGROUND = ("noise", "unknown")
LEAST_SCORE = 0.8


@dataclass(frozen=True)
class Heard:
    """A keyword, when in the stream it was heard first, and its score then."""

    label: str
    score: float
    seconds: float


def hears(model: EdgeImpulseModel) -> bool:
    """Whether a model takes sound."""
    return model.sensor_type is SensorType.MICROPHONE


def listen(model: EdgeImpulseModel, windows: Sequence[npt.NDArray[Any]]) -> list[Heard]:
    """Hand all windows to the model as one stream, slice by slice, and note each new keyword."""
    parameters = model.parameters
    stream = np.concatenate([window.ravel() for window in windows])
    length = parameters.slice_size
    heard: list[Heard] = []
    current = ""
    model.reset()
    for end in range(length, len(stream) + 1, length):
        label, score = best_answer(model.infer_continuous(stream[end - length : end]))
        if score < LEAST_SCORE or label == current:
            continue
        current = label
        if label not in BACKGROUND:
            heard.append(Heard(label, score, end / parameters.frequency))
    return heard
