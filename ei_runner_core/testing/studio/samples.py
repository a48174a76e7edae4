"""The samples of a project."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

__all__ = ["SampleStore", "StoredSample"]


class StoredSample(Struct, frozen=True, kw_only=True):
    """One sample, as the project holds it.

    ``label`` is None for a sample that was sent as unlabeled. ``labels`` are several labels or
    labels by key. ``has_valid_signature`` is None where there is nothing to verify.
    """

    id: int = 0
    filename: str
    category: str
    label: str | None
    labels: tuple[str, ...] | Mapping[str, str] | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    bounding_boxes: tuple[Mapping[str, Any], ...] | None = None
    structured_labels: tuple[Mapping[str, Any], ...] = ()
    attachments: Mapping[str, bytes] = field(default_factory=dict)
    content_type: str = ""
    content: bytes = b""
    sha256: str = ""
    has_valid_signature: bool | None = None
    source: str = ""
    """The service or program that says it sent it (``x-upload-source``)."""


class SampleStore:
    """Keeps samples and finds equal ones. Usable from several threads."""

    def __init__(self) -> None:
        self.samples: list[StoredSample] = []
        self._ids: dict[str, list[int]] = {}
        self._lock = threading.Lock()
        self._next = itertools.count(1001)

    def add(self, sample: StoredSample, *, is_once: bool) -> StoredSample | tuple[int, ...]:
        """Keep a sample; with ``is_once``, the ids of equal ones instead if there are any."""
        with self._lock:
            ids = self._ids.setdefault(sample.sha256, [])
            if is_once and ids:
                return tuple(ids)
            stored = replace(sample, id=next(self._next))
            ids.append(stored.id)
            self.samples.append(stored)
            return stored
