"""The models that come with the library, to try it on and to test against.

A demo is a folder of this package: one bundle for each variant of its network, samples that it
never saw in training, and a model card.
"""

from __future__ import annotations

from ..errors import InvalidInputError
from .answers import ANOMALY, ANOMALY_THRESHOLD, best_answer
from .objects import Comparison, DemoObject, compare_objects
from .records import Demo, DemoSample

__all__ = [
    "ANOMALY",
    "ANOMALY_THRESHOLD",
    "Comparison",
    "Demo",
    "DemoObject",
    "DemoSample",
    "best_answer",
    "compare_objects",
    "demo",
    "demos",
]


def demos() -> tuple[Demo, ...]:
    """All demos."""
    return (
        Demo(
            name="digits",
            title="Handwritten digits",
            description="Tells the ten handwritten digits apart in grayscale images of 8x8 pixels.",
        ),
        Demo(
            name="keywords",
            title="Spoken keywords",
            description="Hears four words among others and among noise, in a second of sound.",
        ),
        Demo(
            name="motion",
            title="Motion of a smart watch",
            description="Tells four motions apart in five seconds and notices those that are odd.",
        ),
        Demo(
            name="scenes",
            title="Shapes in scenes",
            description="Finds circles, squares and triangles in colour images of 96x96 pixels.",
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
