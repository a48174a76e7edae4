"""The models that come with the library, to try it on and to test against.

A demo is a folder of this package: one bundle for each variant of its network, real samples that
it never saw in training, and a model card.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..errors import InvalidInputError

__all__ = ["Demo", "DemoSample", "demo", "demos"]


@dataclass(frozen=True)
class DemoSample:
    """One sample of a demo: the file to hand to the model and the right answer."""

    path: Path
    label: str


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
        """All samples that the model never saw, as one ``.npz``.

        ``images`` is uint8 of shape (n, height, width), 0 to 255; ``labels`` is uint8 of shape
        (n,), each an index into the labels of the model.
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
        return tuple(DemoSample(samples / name, label) for name, label in labels.items())


def demos() -> tuple[Demo, ...]:
    """All demos."""
    return (
        Demo(
            name="digits",
            title="Handwritten digits",
            description="Tells the ten handwritten digits apart in grayscale images of 8x8 pixels.",
        ),
    )


def demo(name: str) -> Demo:
    """The demo of that name.

    Raises:
        InvalidInputError: there is no such demo; the message lists the names.
    """
    known = {one.name: one for one in demos()}
    if name not in known:
        raise InvalidInputError(f"no demo is called {name!r}; choose one of: {', '.join(known)}")
    return known[name]
