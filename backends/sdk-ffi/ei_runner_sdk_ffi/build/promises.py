"""What the headers of an export name, and only sources of the export itself can define."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .export import Export

__all__ = ["promised"]

_OWN_HEADER = re.compile(r"(?:model-parameters|tflite-model)/[^/]+\.(?:h|hpp)")
_LONGEST = 1 << 20  # bytes of a header; longer ones are networks as arrays


def promised(export: Export, names: Iterable[str]) -> dict[str, str]:
    """The own header in which each of the names stands as a word, where one does.

    Of several it is that of the network, which declares what the parameters only use.
    """
    wanted, found = set(names), dict[str, str]()
    for header in sorted(filter(_OWN_HEADER.fullmatch, export.files), reverse=True):
        for word in wanted.intersection(_words(export, header)):
            found.setdefault(word, header)
    return found


def _words(export: Export, header: str) -> list[str]:
    try:
        with export.path(header).open("rb") as file:
            text = file.read(_LONGEST).decode("utf-8", "replace")
    except OSError:  # removed since it was listed
        return []
    return re.findall(r"[A-Za-z_]\w*", text)
