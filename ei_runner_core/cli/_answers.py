"""Asking a model about one input, whatever kind both are."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

from ..errors import EdgeImpulseError
from ._problems import FAILED, exit_code

if TYPE_CHECKING:
    from ..files import WindowInput
    from ..model import EdgeImpulseModel
    from ..results import InferenceResult

__all__ = ["Answer", "Failure", "answer", "failure", "summary"]


@dataclass(frozen=True)
class Answer:
    """A result; ``tensor_names`` names the tensors of a freeform model."""

    result: InferenceResult
    tensor_names: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The reply of the EIM protocol; tensors also with name, dtype and shape.

        Boxes of an image are in pixels of the model's input, as the protocol has them; ``on_image``
        has those of the image. What the protocol does not know stands beside its parts.
        """
        reply = self.result.to_dict()
        if self.result.image is not None and (found := _places(self.result.on_image)):
            width, height = self.result.image.original
            reply["on_image"] = {"width": width, "height": height, **found}
        if self.tensor_names:
            reply["result"]["freeform_tensors"] = [
                {"name": name, "dtype": str(tensor.dtype), "shape": list(tensor.shape)}
                for name, tensor in zip(self.tensor_names, self.result.freeform or (), strict=True)
            ]
        for name in ("counts", "detected_label"):
            if (value := getattr(self.result, name)) is not None:
                reply[name] = value
        return reply


@dataclass(frozen=True)
class Failure:
    """Why there is no result, where, and the exit code that this asks for."""

    error: Exception
    code: int
    where: str = ""

    @property
    def message(self) -> str:
        """The error's text; that of an error that nobody foresaw says what it is."""
        text = str(self.error)
        if not isinstance(self.error, EdgeImpulseError):
            text = f"the inference failed: {type(self.error).__name__}: {text}"
        return f"{self.where}: {text}" if self.where else text

    def to_dict(self) -> dict[str, Any]:
        """The error as JSON."""
        return {"error": {"type": type(self.error).__name__, "message": self.message}}


def failure(error: Exception, where: str = "") -> Failure:
    """Judge an error; ``where`` names the input if the error does not."""
    code = exit_code(error) if isinstance(error, EdgeImpulseError) else FAILED
    return Failure(error, code, where)


def answer(model: EdgeImpulseModel, window: WindowInput, resize_mode: str | None = None) -> Answer:
    """Run the model on one input."""
    from ..files import FeatureWindow, ImageWindow
    from ..results import InferenceResult, Timing

    if isinstance(window, ImageWindow):
        return Answer(model.infer_image(window.pixels, resize_mode=resize_mode))
    if isinstance(window, FeatureWindow):
        return Answer(model.infer(window.values))
    begin = perf_counter_ns()
    tensors = model.infer_freeform(window.tensors)
    timing = Timing(classification_us=(perf_counter_ns() - begin) // 1000)
    result = InferenceResult(freeform=tuple(tensors.values()), timing=timing)
    return Answer(result, tuple(tensors))


def _places(result: InferenceResult) -> dict[str, Any]:
    """What stands somewhere in an image; no object, cell or track is an empty list."""
    names = ("bounding_boxes", "object_tracking", "visual_anomaly_grid")
    return {k: v for k, v in result.to_dict()["result"].items() if k in names}


def summary(answer: Answer) -> str:
    """A result in a few words, for a line among others."""
    result = answer.result
    parts: list[str] = []
    if result.classification is not None:
        best = result.top()
        parts += [f"{label} {value:.4f}" for label, value in best if value] or ["no event"]
    if result.detected_label is not None:
        parts.append(f"detected {result.detected_label}")
    if result.counts is not None:
        parts.append(f"lines crossed {', '.join(map(str, result.counts))}")
    if result.object_tracking is not None:
        tracks = [f"{track.label} #{track.object_id}" for track in result.object_tracking]
        parts.append(_counted("track", tracks))
    elif result.bounding_boxes is not None:
        parts.append(_counted("object", [f"{label} {value:.2f}" for label, value in result.top(5)]))
    if result.visual_anomaly is not None:
        visual = result.visual_anomaly
        parts.append(f"visual anomaly max {visual.max:.4g} mean {visual.mean:.4g}")
    if result.anomaly is not None:
        parts.append(f"anomaly {result.anomaly:.4g}")
    for name, tensor in zip(answer.tensor_names, result.freeform or (), strict=False):
        parts.append(f"{name} {tensor.dtype} {'x'.join(map(str, tensor.shape)) or 'scalar'}")
    return ", ".join(parts) or "no answer"


def _counted(what: str, shown: list[str]) -> str:
    return f"{what}s: {', '.join(shown)}" if shown else f"no {what}s"
