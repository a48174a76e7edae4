"""From the input of a model back to the original image, and there."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

from msgspec.structs import replace

from ..results import BoundingBox, InferenceResult, TrackedObject
from .geometry import Size, Span, check_placement, place

__all__ = ["ImageMapping", "image_mapping"]

Box = TypeVar("Box", bound=BoundingBox | TrackedObject)


class _Line(NamedTuple):
    """Where the points of one side go: ``factor`` times their place, plus ``offset``."""

    factor: float
    offset: float
    limit: int

    def at(self, place: float) -> float:
        return self.factor * place + self.offset

    def pixel(self, place: float) -> int:
        """The nearest edge of a pixel that the image has."""
        rounded = self.factor * place + self.offset + 0.5
        return min(int(rounded), self.limit) if rounded > 0 else 0


@dataclass(frozen=True)
class ImageMapping:
    """Translates places between an image and the input of a model that it was resized to.

    It undoes what :func:`resize` did. Boxes are cut where the image ends: of one that reaches over
    the border the part inside is left, and one that lies outside, such as on the black beside the
    image, becomes a box at the border whose width or height is 0. Edges are rounded to whole
    pixels.

    Args:
        original: width and height of the image, in pixels.
        model: width and height of the model's input.
        mode: as for :func:`resize`.
        anchor: as for :func:`resize`.

    Raises:
        InvalidInputError: a size is not positive or too large, or there is no such mode or anchor.
    """

    original: Size
    model: Size
    mode: str = "squash"
    anchor: str = "middle-center"
    _back: tuple[_Line, _Line] = field(init=False, repr=False, compare=False)
    _there: tuple[_Line, _Line] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        x, y = place(self.original, self.model, self.mode, self.anchor)
        width, height = self.original
        object.__setattr__(self, "_back", (_back(x, width), _back(y, height)))
        width, height = self.model
        object.__setattr__(self, "_there", (_there(x, width), _there(y, height)))

    def to_original(self, box: Box) -> Box:
        """A box, track or grid cell of the model's input in pixels of the original image.

        Of a track the last step (``last_centroid_segment``) is translated, too.
        """
        return _moved(box, *self._back)

    def to_model(self, box: Box) -> Box:
        """A box, track or grid cell of the original image in pixels of the model's input."""
        return _moved(box, *self._there)

    def point_to_original(self, x: float, y: float) -> tuple[float, float]:
        """A point of the model's input, such as a centroid, neither rounded nor cut."""
        return self._back[0].at(x), self._back[1].at(y)

    def point_to_model(self, x: float, y: float) -> tuple[float, float]:
        """A point of the original image, neither rounded nor cut."""
        return self._there[0].at(x), self._there[1].at(y)

    def map_result(self, result: InferenceResult) -> InferenceResult:
        """A result with its boxes, tracks and visual anomaly grid on the original image.

        None is dropped and their order stays. Everything else is left as it is, but that the new
        result has no ``image``: nothing in it waits for being mapped.
        """
        boxes, tracks, visual = result.bounding_boxes, result.object_tracking, result.visual_anomaly
        if not boxes and not tracks and visual is None:
            return result
        move = self.to_original
        return replace(
            result,
            bounding_boxes=boxes and tuple(map(move, boxes)),
            object_tracking=tracks and tuple(map(move, tracks)),
            visual_anomaly=visual and replace(visual, grid=tuple(map(move, visual.grid))),
            image=None,
        )


def image_mapping(
    original: Size, model: Size, mode: str = "squash", anchor: str = "middle-center"
) -> ImageMapping:
    """The mapping for images of one size; the last ones are kept, so that asking again is cheap.

    Args:
        original: width and height of the image, in pixels.
        model: width and height of the model's input.
        mode: as for :func:`resize`.
        anchor: as for :func:`resize`.

    Raises:
        InvalidInputError: a size is not positive or too large, or there is no such mode or anchor.
    """
    check_placement(original, model, mode, anchor)
    return _mapping(original, model, mode, anchor)


@lru_cache(maxsize=64)
def _mapping(original: Size, model: Size, mode: str, anchor: str) -> ImageMapping:
    return ImageMapping(original, model, mode, anchor)


def _back(span: Span, limit: int) -> _Line:
    return _Line(span.scale, span.start - span.first * span.scale, limit)


def _there(span: Span, limit: int) -> _Line:
    return _Line(1 / span.scale, span.first - span.start / span.scale, limit)


def _moved(box: Box, x: _Line, y: _Line) -> Box:
    left, top = x.pixel(box.x), y.pixel(box.y)
    width, height = x.pixel(box.x + box.width) - left, y.pixel(box.y + box.height) - top
    changes: dict[str, Any] = {"x": left, "y": top, "width": width, "height": height}
    if isinstance(box, TrackedObject) and any(box.last_centroid_segment):
        x1, y1, x2, y2 = box.last_centroid_segment
        changes["last_centroid_segment"] = (x.pixel(x1), y.pixel(y1), x.pixel(x2), y.pixel(y2))
    return replace(box, **changes)
