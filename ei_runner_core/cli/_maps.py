"""Objects in an image as a map of characters, where a terminal has no colours for a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from ..demos.objects import REACH

if TYPE_CHECKING:
    from ..demos import DemoObject
    from ..demos.objects import Comparison
    from ..results import BoundingBox

__all__ = ["object_map"]

NOTHING, MISSED, EXTRA = ".", "?", "!"


def object_map(compared: Comparison, height: int, width: int) -> Text:
    """One character for each cell of the image, with a blank between: ``.`` where nothing is.

    An object that was found is the first letter of its label, one that was missed is ``?``, and
    what was found where nothing is is ``!``.

    Args:
        compared: what was found, and what was not.
        height: of the image in pixels.
        width: of the image in pixels.
    """
    rows = [[NOTHING] * max(1, width // REACH) for _ in range(max(1, height // REACH))]

    def mark(thing: DemoObject | BoundingBox, character: str) -> None:
        x, y = (int(value) // REACH for value in thing.centroid)
        rows[min(y, len(rows) - 1)][min(x, len(rows[0]) - 1)] = character

    for thing in compared.missed:
        mark(thing, MISSED)
    for box in compared.extra:
        mark(box, EXTRA)
    for thing, _ in compared.hits:
        mark(thing, thing.label[:1].upper())
    return Text("\n".join(" ".join(row) for row in rows))
