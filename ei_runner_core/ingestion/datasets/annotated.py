"""The samples of a data set whose annotations were read."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from ...contract.uploaders import UNLABELED, Label, LabeledBox, Sample
from .categories import DEFAULT_CATEGORY, category_in
from .listing import IMAGE_SUFFIXES, Listing, split_path
from .walking import suffix_of

__all__ = ["annotated_samples", "boxed_sample", "boxed_samples", "sample_of"]

Boxes = Mapping[str, Collection[LabeledBox]]


def annotated_samples(
    listing: Listing, names: Iterator[str], boxes: Boxes, labels: Mapping[str, str] | None = None
) -> Iterator[Sample]:
    """Samples with what is known about them; one without annotations says nothing of boxes."""
    for name in names:
        found = boxes.get(name)
        label = labels.get(name) if labels else None
        yield sample_of(listing, name, None if found is None else tuple(found), label)


def boxed_samples(listing: Listing, names: Iterator[str], boxes: Boxes) -> Iterator[Sample]:
    """The samples of a data set for the detection of objects."""
    for name in names:
        yield boxed_sample(listing, name, tuple(boxes.get(name, ())))


def boxed_sample(listing: Listing, name: str, boxes: tuple[LabeledBox, ...]) -> Sample:
    """An image without boxes has no label: in such a data set its name is none."""
    is_bare = not boxes and suffix_of(name) in IMAGE_SUFFIXES
    return sample_of(listing, name, boxes or None, UNLABELED if is_bare else None)


def sample_of(
    listing: Listing, name: str, boxes: tuple[LabeledBox, ...] | None, label: Label = None
) -> Sample:
    """A file of the data set; the folders that it lies in tell its category."""
    folders, last = split_path(name)
    return Sample(
        last,
        path=listing.path(name),
        label=label,
        category=category_in(folders) or DEFAULT_CATEGORY,
        bounding_boxes=boxes,
    )
