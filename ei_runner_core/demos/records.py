"""What a demo is: its files, its samples and their right answers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InvalidInputError
from .answers import best_answer
from .objects import DemoObject, compare_objects

if TYPE_CHECKING:
    from ..results import InferenceResult

__all__ = ["Demo", "DemoSample"]


@dataclass(frozen=True)
class DemoSample:
    """One sample of a demo: the file to hand to the model and the right answer.

    ``label`` is one of the model's labels or, where the model looks for anomalies too,
    ``"anomaly"``. Where it looks for objects, they are in ``objects``, and ``label`` has their
    labels in alphabetical order, such as ``"circle, square, square"``.
    """

    path: Path
    label: str
    objects: tuple[DemoObject, ...] = ()

    def is_right(self, result: InferenceResult) -> bool:
        """Whether a result has the right label, or just the true objects, all where they are."""
        if self.objects:
            return compare_objects(self.objects, result.bounding_boxes or ()).is_perfect
        return best_answer(result)[0] == self.label


@dataclass(frozen=True)
class Demo:
    """A model that comes with the library.

    ``name`` is what :func:`demo` takes, ``title`` a few words for a heading, ``description`` one
    sentence, ``variants`` the forms of the network that :meth:`model` knows.
    """

    name: str
    title: str
    description: str
    variants: tuple[str, ...] = ("float32", "int8")

    @property
    def folder(self) -> Path:
        """Where the files of the demo are."""
        return Path(__file__).parent / self.name

    @property
    def model_card(self) -> Path:
        """A Markdown text: what the model is, its data, its scores, its limits, its licence."""
        return self.folder / "MODEL_CARD.md"

    @property
    def held_out(self) -> Path:
        """Samples that the model never saw, as one ``.npz``.

        Images: ``images`` is uint8 of shape (n, height, width) or (n, height, width, 3), 0 to 255.
        Sound and motion: ``windows`` is int16 of shape (n, samples) or float32 of shape (n,
        samples, axes).

        ``labels`` is uint8 of shape (n,), each an index into the labels of the model. Where the
        model looks for objects, ``objects`` is there instead: int16 of shape (m, 6), rows of the
        index of the image, the index of the label, and x, y, width and height in pixels. Where it
        looks for anomalies too, ``odd`` has windows that are some.
        """
        return self.folder / "held_out.npz"

    def model(self, variant: str = "float32") -> Path:
        """The bundle of one variant: a directory that ``EdgeImpulseModel`` opens.

        Raises:
            InvalidInputError: the demo has no such variant.
        """
        if variant not in self.variants:
            known = ", ".join(self.variants)
            raise InvalidInputError(
                f"the demo {self.name!r} has no variant {variant!r}; choose one of: {known}"
            )
        return self.folder / variant

    def samples(self) -> tuple[DemoSample, ...]:
        """A few of the held-out samples as files to show, in the order of their labels."""
        import json

        samples = self.folder / "samples"
        labels = json.loads((self.folder / "labels.json").read_text(encoding="utf-8"))
        return tuple(_sample(samples / name, answer) for name, answer in labels.items())


def _sample(path: Path, answer: Any) -> DemoSample:
    if isinstance(answer, str):
        return DemoSample(path, answer)
    objects = tuple(DemoObject(**fields) for fields in answer)
    return DemoSample(path, ", ".join(sorted(thing.label for thing in objects)), objects)
