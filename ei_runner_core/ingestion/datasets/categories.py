"""Which category the name of a folder or file stands for."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ...errors import InvalidInputError

__all__ = ["CATEGORIES", "DEFAULT_CATEGORY", "category_in", "category_of", "check_category"]

CATEGORIES = ("training", "testing", "anomaly", "split", "validation", "post-processing")
DEFAULT_CATEGORY = "training"

# What data sets for training call the part that is held back, projects call testing.
_WORDS = {
    "train": "training",
    "training": "training",
    "test": "testing",
    "testing": "testing",
    "val": "testing",
    "valid": "testing",
}
_WORD = re.compile(r"[a-z]+")


def check_category(category: str, where: str) -> str:
    """Give a category back.

    Raises:
        InvalidInputError: there is no such one.
    """
    if category in CATEGORIES:
        return category
    raise InvalidInputError(
        f"{where}: there is no category {category!r}; expected one of {', '.join(CATEGORIES)}"
    )


def category_of(name: str) -> str | None:
    """The category that a whole name stands for, such as ``"train"``; None where it is none."""
    name = name.lower()
    return name if name in CATEGORIES else _WORDS.get(name)


def category_in(parts: Iterable[str]) -> str | None:
    """The category in the first of some names that has one as a word, such as ``val2017``."""
    for part in parts:
        if category := category_of(part):
            return category
        for word in _WORD.findall(part.lower()):
            if category := _WORDS.get(word) or category_of(word):
                return category
    return None
