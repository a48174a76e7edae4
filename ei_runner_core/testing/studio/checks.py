"""What a sample must fulfil before it is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .exchange import RefusedError

__all__ = ["check_boxes", "check_labels", "check_size", "check_spans"]

_LARGEST = 100 * 1024 * 1024


def check_size(content: bytes) -> None:
    """Refuse what is too large."""
    if len(content) >= _LARGEST:
        raise RefusedError("File size exceeds the maximum of 100MB")


def check_boxes(boxes: Any) -> tuple[Mapping[str, Any], ...]:
    """The bounding boxes of one image."""
    if not isinstance(boxes, list):
        raise RefusedError("Bounding boxes should be a list")
    for box in boxes:
        _check_box(box)
    return tuple(boxes)


def check_labels(labels: Any) -> tuple[str, ...] | Mapping[str, str]:
    """The several labels of one sample, with or without keys."""
    values = labels.values() if isinstance(labels, dict) else labels
    if not isinstance(labels, (dict, list)) or not all(isinstance(v, str) for v in values):
        raise RefusedError("Labels should be a list of strings, or strings by key")
    return labels if isinstance(labels, dict) else tuple(labels)


def check_spans(spans: Any, count: int | None) -> tuple[Mapping[str, Any], ...]:
    """The structured labels of one sample, which has ``count`` values if that is known."""
    if not isinstance(spans, list) or not spans:
        raise RefusedError("Structured labels should be a list with at least one entry")
    for span in spans:
        _check_span(span)
    if len({tuple(sorted(span.get("labelMap", ()))) for span in spans}) > 1:
        raise RefusedError("Structured labels should have the same keys in every labelMap")
    _check_cover(spans, count)
    return tuple(spans)


def _check_box(box: Any) -> None:
    if not isinstance(box, dict) or not isinstance(box.get("label"), str):
        raise RefusedError("Bounding box without a label")
    numbers = [box.get(name) for name in ("x", "y", "width", "height")]
    if not all(isinstance(n, (int, float)) and not isinstance(n, bool) for n in numbers):
        raise RefusedError("Bounding box without x, y, width and height")
    if box["width"] <= 0 or box["height"] <= 0:
        raise RefusedError("Bounding box width and height should be larger than 0")


def _check_span(span: Any) -> None:
    if not isinstance(span, dict) or not isinstance(span.get("label"), str):
        raise RefusedError("Structured label without a label")
    ends = (span.get("startIndex"), span.get("endIndex"))
    if not all(type(end) is int and end >= 0 for end in ends):
        raise RefusedError("Structured label without integers startIndex and endIndex")
    if span["endIndex"] < span["startIndex"]:
        raise RefusedError("Structured label with endIndex before startIndex")


def _check_cover(spans: Sequence[Mapping[str, Any]], count: int | None) -> None:
    reached = -1
    for span in sorted(spans, key=lambda span: int(span["startIndex"])):
        if span["startIndex"] > reached + 1:
            raise RefusedError(f"Structured labels leave out the value {reached + 1}")
        reached = max(reached, span["endIndex"])
    if count is not None and reached != count - 1:
        raise RefusedError(f"Structured labels end at {reached}, expected {count - 1}")
