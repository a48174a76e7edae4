"""Data sets of the OpenMV IDE: a folder ``LABEL.class`` for each label."""

from __future__ import annotations

from collections.abc import Iterator

from ...contract.uploaders import Sample
from .listing import Listing, split_path

__all__ = ["is_openmv", "read_openmv"]

_SUFFIX = ".class"


def is_openmv(listing: Listing) -> bool:
    """Whether one of the outermost folders is that of a class."""
    return any(name.partition("/")[0].endswith(_SUFFIX) for name in listing.names if "/" in name)


def read_openmv(listing: Listing) -> Iterator[Sample]:
    """The place divides the samples into training and testing: ``split``."""
    for name in listing.samples():
        folders, last = split_path(name)
        if folders and folders[0].endswith(_SUFFIX):
            label = folders[0].removesuffix(_SUFFIX)
            yield Sample(last, path=listing.path(name), label=label, category="split")
        else:
            listing.skip(name, f"it lies in no folder {_SUFFIX}")
