"""Plain folders: categories, labels, or file names that begin with the label."""

from __future__ import annotations

from collections.abc import Iterator

from ...contract.uploaders import Sample
from ...errors import InvalidInputError
from .categories import DEFAULT_CATEGORY, category_of
from .listing import Listing, split_path

__all__ = ["read_folders"]


def read_folders(listing: Listing) -> Iterator[Sample]:
    """``[CATEGORY/][LABEL/].../FILE``. Without a folder for it the label is that of the name.

    The outermost folders are categories where one is called training or testing, or where there is
    one for training and one for testing under common names, such as train and val; or where all
    are categories. Otherwise they are labels.

    Raises:
        InvalidInputError: there are folders beside those of categories.
    """
    names = list(listing.samples())
    categories = _categories(listing, names)
    for name in names:
        folders, last = split_path(name)
        category = categories[folders.pop(0)] if folders and categories else DEFAULT_CATEGORY
        label = folders[0] if folders else None
        yield Sample(last, path=listing.path(name), label=label, category=category)


def _categories(listing: Listing, names: list[str]) -> dict[str, str]:
    """The categories that the outermost folders stand for; empty where these are labels."""
    outermost = sorted({name.partition("/")[0] for name in names if "/" in name})
    found = {folder: category for folder in outermost if (category := category_of(folder))}
    strangers = [folder for folder in outermost if folder not in found]
    are_categories = (
        not strangers
        or not found.keys().isdisjoint(("training", "testing"))
        or {"training", "testing"} <= set(found.values())
    )
    if not are_categories:
        return {}
    if strangers and found:
        raise InvalidInputError(
            f"{listing.shown(strangers[0])} lies beside folders of categories "
            f"({', '.join(found)}); move it into one of them or away"
        )
    return found
