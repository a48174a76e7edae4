"""What came of the samples of a demo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

from ..demos.answers import best_answer
from ..errors import InferenceError
from ._answers import failure

if TYPE_CHECKING:
    import numpy.typing as npt

    from ..demos import Demo, DemoSample
    from ..model import EdgeImpulseModel
    from ..results import InferenceResult
    from ._stream import Heard

__all__ = ["Outcome", "Report", "classify"]


@dataclass(frozen=True)
class Outcome:
    """One sample with the model's result, or the ``problem`` that there is none.

    ``content`` is what the sample holds: a picture, uint8, RGB, of shape (height, width, 3), or the
    values of a window, float32 of shape (samples, axes).
    """

    sample: DemoSample
    content: npt.NDArray[Any]
    result: InferenceResult | None = None
    problem: str = ""

    @property
    def answer(self) -> tuple[str, float]:
        """The model's answer and its score; an empty one if there is none."""
        return best_answer(self.result)

    @property
    def is_right(self) -> bool:
        """Whether the answer is the true one."""
        return self.result is not None and self.sample.is_right(self.result)

    @property
    def microseconds(self) -> int:
        """How long the inference took."""
        return self.result.timing.total_us if self.result is not None else 0

    def to_dict(self) -> dict[str, Any]:
        """The outcome as JSON."""
        about: dict[str, Any] = {"input": str(self.sample.path), "label": self.sample.label}
        if self.sample.objects:
            about["objects"] = [vars(thing) for thing in self.sample.objects]
        if self.result is None:
            return about | {"error": {"type": InferenceError.__name__, "message": self.problem}}
        label, score = self.answer
        found = {"answer": label, "score": score, "right": self.is_right}
        return about | found | self.result.to_dict()


@dataclass(frozen=True)
class Report:
    """All outcomes of one run of a demo; ``heard`` is what a sound demo hears in a stream."""

    demo: Demo
    variant: str
    backend: str
    outcomes: Sequence[Outcome]
    heard: Sequence[Heard] | None = None

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
            **({} if self.heard is None else {"stream": [vars(one) for one in self.heard]}),
        }


def classify(model: EdgeImpulseModel, samples: Sequence[DemoSample]) -> list[Outcome]:
    """Ask the model about each sample; all are loaded before, so that the times are the model's."""
    contents = [_load(model, sample) for sample in samples]
    return [_classify(model, *pair) for pair in zip(samples, contents, strict=True)]


def _load(model: EdgeImpulseModel, sample: DemoSample) -> npt.NDArray[Any]:
    if sample.path.suffix == ".png":
        from ..images import load_image

        return load_image(sample.path)
    from ..files import FeatureWindow, read_window

    window = read_window(sample.path, model.parameters)
    if not isinstance(window, FeatureWindow):
        raise InferenceError(f"{sample.path}: it is not a window of the model")
    return window.values.reshape(-1, model.parameters.axis_count)


def _classify(model: EdgeImpulseModel, sample: DemoSample, content: npt.NDArray[Any]) -> Outcome:
    try:
        is_image = content.dtype == "uint8"
        result = model.infer_image(content) if is_image else model.infer(content)
    except Exception as error:  # noqa: BLE001 - a backend may fail in any way; the next may not
        return Outcome(sample, content, problem=failure(error, str(sample.path)).message)
    return Outcome(sample, content, result)
