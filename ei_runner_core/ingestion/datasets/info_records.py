"""The entries of an ``info.labels``, in both directions."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from ...contract.uploaders import (
    UNLABELED,
    Label,
    LabeledBox,
    LabelSpan,
    Sample,
    Unlabeled,
)

__all__ = ["Entry", "Span", "label_of", "label_record", "span_record"]


class Span(Struct, rename="camel", omit_defaults=True):
    """A label for some values of a sample; the last index is included."""

    start_index: int
    end_index: int
    label: str
    label_map: dict[str, str] | None = None

    def read(self) -> LabelSpan:
        """What it stands for."""
        return LabelSpan(self.start_index, self.end_index, self.label, self.label_map or {})


class _Unlabeled(Struct, tag_field="type", tag="unlabeled"):
    pass


class _Single(Struct, tag_field="type", tag="label"):
    label: str


class _Spans(Struct, tag_field="type", tag="multi-label"):
    labels: list[Span | str]


class _Several(Struct, tag_field="type", tag="keyvalue-labels"):
    labels: dict[str, str] | list[str]


LabelRecord = _Unlabeled | _Single | _Spans | _Several


class Entry(Struct, rename="camel", omit_defaults=True):
    """One sample.

    ``file_name`` and ``structured_labels`` are an addition for what the other fields cannot hold:
    a name with another extension than the file's, and spans beside a label.
    """

    path: str
    name: str | None = None
    file_name: str | None = None
    category: str = ""
    label: LabelRecord | None = None
    metadata: dict[str, str | int | float | bool] | None = None
    bounding_boxes: list[LabeledBox] | None = None
    structured_labels: list[Span] | None = None
    attachments: list[str] | None = None


def label_of(entry: Entry) -> tuple[Label, tuple[LabelSpan, ...]]:
    """The label of a sample, and those of its values."""
    spans = tuple(span.read() for span in entry.structured_labels or ())
    match entry.label:
        case None:
            return None, spans
        case _Unlabeled():
            return UNLABELED, spans
        case _Single(label):
            return label, spans
        case _Several(dict() as by_key):
            return by_key, spans
        case _Several(labels):
            return tuple(labels), spans
        case _Spans(labels):
            several = tuple(label for label in labels if isinstance(label, str))
            found = tuple(label.read() for label in labels if isinstance(label, Span))
            return several or None, found + spans


def label_record(sample: Sample) -> LabelRecord | None:
    """The label of a sample as an entry states it; None leaves it to the file's name."""
    match sample.label:
        case None:
            spans = [span_record(span) for span in sample.structured_labels]
            return _Spans([*spans]) if spans else None
        case Unlabeled():
            return _Unlabeled()
        case str(label):
            return _Single(label)
        case Mapping() as labels:
            return _Several(dict(labels))
        case several:
            return _Several(list(several))


def span_record(span: LabelSpan) -> Span:
    """How an entry states a span."""
    return Span(span.start, span.end, span.label, dict(span.label_map) or None)
