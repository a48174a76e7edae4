"""The parts of an upload that tell about its files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct, ValidationError, convert, field, json

from .exchange import RefusedError
from .multipart import Part

__all__ = ["Sidecars", "read_sidecars"]

_KEYS = {
    "bounding-box-labels": "boundingBoxes",
    "structured-labels": "structuredLabels",
    "label-map-labels": "labels",
    "attachments": "attachments",
}


class _Attachment(Struct):
    filename: str


class Sidecars(Struct):
    """What is told, each by file name."""

    bounding_boxes: dict[str, Any] = field(default_factory=dict)
    structured_labels: dict[str, Any] = field(default_factory=dict)
    labels: dict[str, Any] = field(default_factory=dict)
    attachments: dict[str, list[str]] = field(default_factory=dict)

    def attaches(self, part: Part) -> bool:
        """Whether a file belongs to another one."""
        return any(part.filename in names for names in self.attachments.values())


def read_sidecars(parts: Iterable[Part]) -> tuple[Sidecars, list[Part]]:
    """Part the sidecars from the files.

    Raises:
        RefusedError: a sidecar is broken.
    """
    sidecars, files = Sidecars(), []
    for part in parts:
        if part.filename is None or part.name != "data":
            continue
        if part.filename.endswith(".labels"):
            _add(sidecars, part)
        else:
            files.append(part)
    return sidecars, files


def _add(sidecars: Sidecars, part: Part) -> None:
    kind, told = _read(part)
    if kind == "bounding-box-labels":
        sidecars.bounding_boxes |= told
    elif kind == "structured-labels":
        sidecars.structured_labels |= told
    elif kind == "label-map-labels":
        sidecars.labels |= told
    else:
        sidecars.attachments |= _read_attachments(part, told)


def _read_attachments(part: Part, told: Mapping[str, Any]) -> dict[str, list[str]]:
    try:
        entries = convert(told, dict[str, list[_Attachment]])
    except ValidationError:
        raise RefusedError(f"{part.filename} has something else than file names", 400) from None
    return {name: [entry.filename for entry in held] for name, held in entries.items()}


def _read(part: Part) -> tuple[str, Mapping[str, Any]]:
    try:
        document = json.decode(part.content, type=dict[str, Any])
    except ValueError:
        raise RefusedError(f"{part.filename} is not a JSON object", 400) from None
    kind = document.get("type")
    told = document.get(_KEYS[kind]) if kind in _KEYS else None
    if document.get("version") != 1 or not isinstance(told, dict):
        raise RefusedError(f"{part.filename} is not of a known type and version", 400)
    return str(kind), told
