"""What the headers of an upload say about its sample."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import quote

from ..contract import Sample, Unlabeled
from ..errors import InvalidInputError
from ._texts import check_label, check_texts

__all__ = ["CATEGORIES", "check_category", "upload_headers"]

CATEGORIES = ("training", "testing", "anomaly", "split", "validation", "post-processing")
SOURCE = "EI_RUNNER"
_UNQUOTED = "!*'()"  # by encodeURIComponent of JavaScript, besides what Python leaves as it is


def check_category(category: str) -> None:
    """Refuse what is no category.

    Raises:
        InvalidInputError: it names the known ones.
    """
    if category not in CATEGORIES:
        raise InvalidInputError(
            f"the category is {category!r}, expected one of {', '.join(CATEGORIES)}"
        )


def upload_headers(sample: Sample, *, allow_duplicates: bool) -> dict[str, str]:
    """The headers, all of ASCII.

    Raises:
        InvalidInputError: the label or the metadata cannot be sent.
    """
    return {
        "x-upload-source": SOURCE,
        **_label(sample),
        **({} if allow_duplicates else {"x-disallow-duplicates": "1"}),
        **_metadata(sample.metadata),
        "x-device-type": SOURCE,
    }


def _label(sample: Sample) -> dict[str, str]:
    """None for several labels, which stand in a sidecar, and where the name gives the label."""
    label = sample.label
    if isinstance(label, Unlabeled):
        return {"x-label": "", "x-no-label": "1"}
    if label is None or isinstance(label, (tuple, Mapping)):
        return {}
    check_label(label)
    return {"x-label": quote(label, safe=_UNQUOTED)}


def _metadata(metadata: Mapping[str, str]) -> dict[str, str]:
    check_texts(metadata, "metadata")
    if not metadata:
        return {}
    text = json.dumps(dict(metadata), separators=(",", ":"))
    return {"x-metadata": text.replace("\x7f", r"\u007f")}  # the one of ASCII no header may hold
