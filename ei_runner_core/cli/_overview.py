"""What a dry run has seen: formats of folders, and counts by category and label."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from .._text import one_line
from ..contract import Unlabeled

if TYPE_CHECKING:
    from ..contract import Label, Sample

__all__ = ["Overview", "label_for_json"]

_MOST_LABELS = 10
_OF_THE_NAME = "label of the file name"


class Overview:
    """Counts samples and their boxes."""

    def __init__(self) -> None:
        self.formats: dict[str, str] = {}
        self._labels: dict[str, Counter[str]] = defaultdict(Counter)
        self._boxes: Counter[str] = Counter()

    def add(self, sample: Sample) -> None:
        """Count one that would be sent."""
        self._labels[sample.category][_shown(sample)] += 1
        self._boxes.update(box.label for box in sample.bounding_boxes or ())

    def lines(self) -> Iterator[str]:
        """What was seen, for people."""
        for path, kind in self.formats.items():
            yield f"{path}: read as {kind}"
        for category, labels in sorted(self._labels.items()):
            yield f"{category}: {labels.total()} ({_most(labels)})"
        if self._boxes:
            yield f"boxes: {self._boxes.total()} ({_most(self._boxes)})"


def label_for_json(label: Label) -> Any:
    """Null where the file name gives the label, false where there is none."""
    if isinstance(label, Unlabeled):
        return False
    return dict(label) if isinstance(label, Mapping) else label


def _shown(sample: Sample) -> str:
    label = sample.label
    if sample.structured_labels:
        return "labels of single values"
    if isinstance(label, Unlabeled):
        return "no label"
    if label is None:
        return "boxes" if sample.bounding_boxes else _OF_THE_NAME
    if isinstance(label, Mapping):
        return ", ".join(f"{key}={value}" for key, value in label.items())
    return label if isinstance(label, str) else " + ".join(label)


def _most(counts: Counter[str]) -> str:
    """The most frequent ones, in one line."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    parts = [f"{one_line(name)} {count}" for name, count in ranked[:_MOST_LABELS]]
    if len(counts) > _MOST_LABELS:
        parts.append(f"and {len(counts) - _MOST_LABELS} more")
    return ", ".join(parts)
