"""What came of the samples of a demo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

from ..errors import InferenceError
from ._answers import failure

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from ..demos import Demo, DemoSample
    from ..model import EdgeImpulseModel
    from ..results import InferenceResult

__all__ = ["Outcome", "Report", "classify"]


@dataclass(frozen=True)
class Outcome:
    """One sample with the model's result, or the ``problem`` that there is none.

    ``pixels`` is uint8, RGB, shape (height, width, 3).
    """

    sample: DemoSample
    pixels: npt.NDArray[np.uint8]
    result: InferenceResult | None = None
    problem: str = ""

    @property
    def answer(self) -> tuple[str, float]:
        """The best label and its score; an empty label if there is none."""
        best = self.result.top(1) if self.result is not None else []
        return best[0] if best else ("", 0.0)

    @property
    def is_right(self) -> bool:
        """Whether the best label is the true one."""
        return self.answer[0] == self.sample.label

    @property
    def microseconds(self) -> int:
        """How long the inference took."""
        return self.result.timing.total_us if self.result is not None else 0

    def to_dict(self) -> dict[str, Any]:
        """The outcome as JSON."""
        about = {"input": str(self.sample.path), "label": self.sample.label}
        if self.result is None:
            return about | {"error": {"type": InferenceError.__name__, "message": self.problem}}
        label, score = self.answer
        found = {"answer": label, "score": score, "right": self.is_right}
        return about | found | self.result.to_dict()


@dataclass(frozen=True)
class Report:
    """All outcomes of one run of a demo."""

    demo: Demo
    variant: str
    backend: str
    outcomes: Sequence[Outcome]

    @property
    def failures(self) -> list[Outcome]:
        """The samples that got no answer."""
        return [outcome for outcome in self.outcomes if outcome.problem]

    @property
    def right(self) -> int:
        """How many answers are right."""
        return sum(outcome.is_right for outcome in self.outcomes)

    @property
    def median_us(self) -> float:
        """The median time of one inference in microseconds."""
        times = [outcome.microseconds for outcome in self.outcomes if outcome.result is not None]
        return median(times) if times else 0.0

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON."""
        return {
            "demo": self.demo.name,
            "variant": self.variant,
            "model": str(self.demo.model(self.variant)),
            "backend": self.backend,
            "samples": [outcome.to_dict() for outcome in self.outcomes],
            "right": self.right,
            "count": len(self.outcomes),
            "median_us": self.median_us,
        }


def classify(model: EdgeImpulseModel, samples: Sequence[DemoSample]) -> list[Outcome]:
    """Ask the model about each sample; all are loaded before, so that the times are the model's."""
    from ..images import load_image

    pictures = [load_image(sample.path) for sample in samples]
    return [_classify(model, *pair) for pair in zip(samples, pictures, strict=True)]


def _classify(
    model: EdgeImpulseModel, sample: DemoSample, pixels: npt.NDArray[np.uint8]
) -> Outcome:
    try:
        return Outcome(sample, pixels, model.infer_image(pixels))
    except Exception as error:  # noqa: BLE001 - a backend may fail in any way; the next may not
        return Outcome(sample, pixels, problem=failure(error, str(sample.path)).message)
