"""Files that are named one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from ...contract.uploaders import Sample
from ...errors import InvalidInputError
from .bounding_boxes import BOXES_FILE, boxes_in
from .categories import DEFAULT_CATEGORY
from .documents import shown

__all__ = ["read_single_files"]


def read_single_files(paths: Iterable[Path]) -> Iterator[Sample]:
    """A sample of each file, with its boxes from a ``bounding_boxes.labels`` in its folder.

    Raises:
        InvalidInputError: there is no such file, or it is that ``bounding_boxes.labels``.
    """
    boxes_of = lru_cache(64)(boxes_in)
    for path in paths:
        if path.name == BOXES_FILE:
            raise InvalidInputError(
                f"{shown(path)} is no sample: name its images or their folder, it is read with them"
            )
        if not path.is_file():
            raise InvalidInputError(f"there is no file {shown(path)}")
        boxes = boxes_of(path.parent).get(path.name)
        yield Sample(path.name, path=path, category=DEFAULT_CATEGORY, bounding_boxes=boxes)
