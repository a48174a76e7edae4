"""What is told about a sample that is made of an array, checked before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..contract import Label
from ._texts import check_label, check_texts
from .filenames import check_filename, with_ending
from .upload_headers import check_category

__all__ = ["described"]


def described(
    name: str, ending: str, label: Label, category: str, metadata: Mapping[str, str] | None
) -> dict[str, Any]:
    """Arguments of a sample.

    Raises:
        InvalidInputError: one of them could not be sent.
    """
    filename = with_ending(name, ending)
    told = {} if metadata is None else metadata
    check_filename(filename)
    check_label(label)
    check_category(category)
    check_texts(told, "metadata")
    return {"filename": filename, "label": label, "category": category, "metadata": dict(told)}
