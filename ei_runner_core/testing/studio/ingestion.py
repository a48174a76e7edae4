"""The ingestion service: takes samples."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote

from msgspec import json

from .acquisition import has_valid_signature, read_acquisition, value_count
from .checks import check_boxes, check_labels, check_size, check_spans
from .exchange import Answer, RefusedError, Request, json_answer, text_answer
from .multipart import Part, read_parts
from .naming import dated_name, infer_label, split_category
from .projects import LocalProject
from .samples import StoredSample
from .sidecars import Sidecars, read_sidecars

__all__ = ["CATEGORIES", "receive_data", "receive_files"]

CATEGORIES = ("training", "testing", "anomaly", "split", "validation", "post-processing")
_MOST_FILES = 1000


def receive_files(project: LocalProject, category: str, request: Request) -> Answer:
    """``POST /api/{category}/files``: every file gets a verdict of its own."""
    parts = read_parts(request.body, request.headers.get("content-type") or "")
    sidecars, files = read_sidecars(parts)
    attached = {part.filename or "": part.content for part in files if sidecars.attaches(part)}
    samples = [part for part in files if not sidecars.attaches(part)]
    if not samples:
        raise RefusedError("No files were sent", 400)
    if len(samples) > _MOST_FILES:
        raise RefusedError(f"Too many files, at most {_MOST_FILES}", 400)
    upload = _Upload(project, category, request.headers, sidecars, attached)
    return json_answer({"success": True, "files": [upload.judge(part) for part in samples]})


def receive_data(project: LocalProject, category: str, request: Request) -> Answer:
    """``POST /api/{category}/data``: one file, without a form around it."""
    name = request.headers.get("x-file-name")
    if not name:
        raise RefusedError("Missing header x-file-name", 421)
    kind = request.headers.get("content-type") or ""
    part = Part("data", unquote(name), kind.partition(";")[0], request.body)
    upload = _Upload(project, category, request.headers, Sidecars(), {})
    verdict = upload.judge(part)
    if not verdict["success"]:
        raise RefusedError(verdict["error"], 400)
    return text_answer(verdict["fileName"])


class _Upload(NamedTuple):
    """A request, as far as it concerns all of its files."""

    project: LocalProject
    category: str
    headers: Mapping[str, str]
    sidecars: Sidecars
    attached: Mapping[str, bytes]

    def judge(self, part: Part) -> dict[str, Any]:
        """Store a file; the verdict."""
        try:
            stored = self._store(self._read(part))
        except RefusedError as refusal:
            return {"success": False, "fileName": part.filename, "error": refusal.reason}
        return {
            "success": True,
            "projectId": self.project.id,
            "sampleId": stored.id,
            "fileName": f"{dated_name(stored.filename, stored.id)}.json",
        }

    def _store(self, sample: StoredSample) -> StoredSample:
        is_once = self.headers.get("x-disallow-duplicates") == "1"
        stored = self.project.store.add(sample, is_once=is_once)
        if isinstance(stored, StoredSample):
            return stored
        ids = ", ".join(map(str, stored))
        raise RefusedError(f"An item with this hash already exists (ids: {ids})")

    def _read(self, part: Part) -> StoredSample:
        name, content = part.filename or "", part.content
        check_size(content)
        document = read_acquisition(name, part.content_type, content)
        is_dated = self.headers.get("x-add-date-id") == "1"
        return StoredSample(
            filename=dated_name(name, 0) if is_dated else name,
            category=split_category(content) if self.category == "split" else self.category,
            label=self._label(name),
            labels=self._labels(name),
            metadata=self._metadata(),
            bounding_boxes=self._boxes(name),
            structured_labels=self._spans(name, document),
            attachments=self._attachments(name),
            content_type=part.content_type,
            content=content,
            sha256=hashlib.sha256(content).hexdigest(),
            has_valid_signature=has_valid_signature(document, content, self.project.hmac_key),
            source=self.headers.get("x-upload-source") or "",
        )

    def _label(self, filename: str) -> str | None:
        if self.headers.get("x-no-label") == "1":
            return None
        label = self.headers.get("x-label")
        return infer_label(filename) if label is None else unquote(label)

    def _labels(self, filename: str) -> tuple[str, ...] | Mapping[str, str] | None:
        told = self.sidecars.labels
        return check_labels(told[filename]) if filename in told else None

    def _metadata(self) -> Mapping[str, Any]:
        try:
            return json.decode(self.headers.get("x-metadata") or "{}", type=dict[str, Any])
        except ValueError:
            raise RefusedError("Header x-metadata is not a JSON object") from None

    def _boxes(self, filename: str) -> tuple[Mapping[str, Any], ...] | None:
        if filename in self.sidecars.bounding_boxes:
            return check_boxes(self.sidecars.bounding_boxes[filename])
        if not self.headers.get("x-bounding-boxes"):
            return None
        try:
            return check_boxes(json.decode(self.headers["x-bounding-boxes"]))
        except ValueError:
            raise RefusedError("Header x-bounding-boxes is not JSON") from None

    def _spans(
        self, filename: str, document: dict[str, Any] | None
    ) -> tuple[Mapping[str, Any], ...]:
        told = self.sidecars.structured_labels
        return check_spans(told[filename], value_count(document)) if filename in told else ()

    def _attachments(self, filename: str) -> dict[str, bytes]:
        names = self.sidecars.attachments.get(filename, ())
        if missing := [name for name in names if name not in self.attached]:
            raise RefusedError(f"Attachment {missing[0]} was not sent")
        return {name: self.attached[name] for name in names}
