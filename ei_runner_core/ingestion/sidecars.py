"""The files that are sent beside a sample to describe it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any

from ..contract import LabeledBox, LabelSpan, Sample
from ..errors import InvalidInputError
from ._json_text import json_text
from ._texts import check_label, check_text, check_texts

__all__ = ["attachments_sidecar", "boxes_sidecar", "label_map_sidecar", "spans_sidecar"]

Sidecar = tuple[str, bytes]
"""A file name and its content."""


def boxes_sidecar(sample: Sample) -> Sidecar | None:
    """The objects in an image, also that there are none.

    Raises:
        InvalidInputError: a box is none.
    """
    boxes = sample.bounding_boxes
    if boxes is None:
        return None
    told = [_box(box) for box in boxes]
    return _sidecar("bounding_boxes", "bounding-box-labels", {"boundingBoxes": told}, sample)


def spans_sidecar(sample: Sample) -> Sidecar | None:
    """The labels of spans.

    Raises:
        InvalidInputError: they leave values out, or a span is none.
    """
    spans = sample.structured_labels
    if not spans:
        return None
    _check_spans(spans)
    told = [_span(span) for span in spans]
    return _sidecar("structured_labels", "structured-labels", {"structuredLabels": told}, sample)


def label_map_sidecar(sample: Sample) -> Sidecar | None:
    """Several labels, or labels by key.

    Raises:
        InvalidInputError: a label or a key is no text.
    """
    label = sample.label
    check_label(label)
    if isinstance(label, Mapping):
        told: Any = dict(label)
    elif isinstance(label, tuple):
        told = list(label)
    else:
        return None
    return _sidecar("label_map", "label-map-labels", {"labels": told}, sample)


def attachments_sidecar(sample: Sample) -> Sidecar | None:
    """Which of the files that are sent belong to the sample."""
    if not sample.attachments:
        return None
    told = [{"filename": path.name} for path in sample.attachments]
    return _sidecar("attachments", "attachments", {"attachments": told}, sample)


def _sidecar(name: str, kind: str, told: Mapping[str, Any], sample: Sample) -> Sidecar:
    by_file = {key: {sample.filename: value} for key, value in told.items()}
    return f"{name}.labels", json_text({"version": 1, "type": kind, **by_file}).encode()


def _box(box: LabeledBox) -> dict[str, Any]:
    check_text(box.label, "the label of a bounding box")
    sides: dict[str, Any] = {"x": box.x, "y": box.y, "width": box.width, "height": box.height}
    for name, value in sides.items():
        is_number = isinstance(value, Real) and math.isfinite(value)
        if not is_number or (value <= 0 and name in ("width", "height")):
            raise InvalidInputError(
                f"{name} of the bounding box {box.label!r} is {value!r}, expected pixels of the "
                "image, and an extent above 0"
            )
    return {"label": box.label, **{name: _plain(value) for name, value in sides.items()}}


def _plain(value: Any) -> int | float:
    """Coordinates are often numbers of numpy, which JSON does not know."""
    return int(value) if value == int(value) else float(value)


def _check_spans(spans: tuple[LabelSpan, ...]) -> None:
    """They have to cover all values: from 0 on without a gap, with the same keys."""
    expected, keys = 0, set(spans[0].label_map)
    for span in sorted(spans, key=lambda span: (span.start, span.end)):
        if not (_is_whole(span.start) and _is_whole(span.end) and 0 <= span.start <= span.end):
            raise InvalidInputError(
                f"the label span {span.label!r} is {span.start!r} to {span.end!r}, expected "
                "indices from 0 on, the last one included"
            )
        if span.start > expected:
            raise InvalidInputError(
                f"no label span covers the values {expected} to {span.start - 1}; structured "
                "labels cover all values of a sample"
            )
        if set(span.label_map) != keys:
            raise InvalidInputError(
                f"the label map of the span {span.label!r} has the keys "
                f"{sorted(span.label_map)}, expected {sorted(keys)} as in the other ones"
            )
        expected = max(expected, span.end + 1)


def _is_whole(value: Any) -> bool:
    return isinstance(value, Integral)


def _span(span: LabelSpan) -> dict[str, Any]:
    check_text(span.label, "the label of a span")
    check_texts(span.label_map, "label map of a span")
    places = {"startIndex": int(span.start), "endIndex": int(span.end), "label": span.label}
    return {**places, "labelMap": dict(span.label_map)} if span.label_map else places
