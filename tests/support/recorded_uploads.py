"""Uploads of the official clients, and what an upload means, whoever sent it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from ei_runner_core.ingestion.encoding import UploadRequest

_FOLDER = Path(__file__).parent.parent / "golden" / "requests"
_RECORDED = json.loads((_FOLDER / "uploads.json").read_text("utf-8"))
UPLOADS = {upload["name"]: upload for upload in _RECORDED["uploads"]}
VECTORS = json.loads((_FOLDER / "signed-vectors.json").read_text("utf-8"))["vectors"]


def content(name: str) -> bytes:
    """The first file of a recorded upload."""
    return base64.b64decode(_RECORDED["contents"][UPLOADS[name]["parts"][0]["sha256"]])


def parts_of(request: UploadRequest) -> list[tuple[str, str, bytes]]:
    """File name, type and content of each part of our request, read as browsers write them."""
    stream = request.body.open()
    body = stream.read()
    stream.close()
    assert len(body) == len(stream) == request.body.size
    boundary = request.headers["Content-Type"].partition("boundary=")[2].encode()
    before, *pieces, after = (b"\r\n" + body).split(b"\r\n--" + boundary)
    assert (before, after) == (b"", b"--\r\n")
    return [_read_part(piece) for piece in pieces]


def _read_part(piece: bytes) -> tuple[str, str, bytes]:
    head, _, held = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
    found = re.fullmatch(
        r'Content-Disposition: form-data; name="data"; filename="([^"\r\n]*)"\r\n'
        r"Content-Type: (\S+)",
        head.decode(),
    )
    assert found, head
    return _unquote(found[1]), found[2], held


def _unquote(filename: str) -> str:
    return filename.replace("%22", '"')


def our_meaning(request: UploadRequest) -> dict[str, Any]:
    headers = {name.lower(): value for name, value in request.headers.items()}
    assert all(value.isascii() for value in headers.values())
    return _meaning(request.path, headers, parts_of(request), is_label_quoted=True)


def their_meaning(name: str) -> dict[str, Any]:
    upload = UPLOADS[name]
    headers = {key: _unescape(value) for key, value in upload["headers"].items()}
    parts = []
    for part in upload["parts"]:
        filename = _unquote(re.search(r'filename="(.*)"', part["disposition"])[1])
        held = (
            json.dumps(part["json"]).encode()
            if "json" in part
            else base64.b64decode(_RECORDED["contents"][part["sha256"]])
        )
        parts.append((filename, part["content_type"], held))
    meaning = _meaning(upload["path"], headers, parts, is_label_quoted=name.startswith("uploader"))
    if boxes := headers.get("x-bounding-boxes"):
        meaning["bounding_boxes.labels"] = {
            "version": 1,
            "type": "bounding-box-labels",
            "boundingBoxes": {parts[0][0]: json.loads(boxes)},
        }
        meaning["order"].append("bounding_boxes.labels")
    return meaning


def _meaning(
    path: str,
    headers: dict[str, str],
    parts: list[tuple[str, str, bytes]],
    *,
    is_label_quoted: bool,
) -> dict[str, Any]:
    label = headers.get("x-label")
    return {
        "path": path,
        "label": unquote(label) if label and is_label_quoted else label,
        "has no label": headers.get("x-no-label"),
        "metadata": json.loads(headers.get("x-metadata", "{}")),
        "refuses duplicates": headers.get("x-disallow-duplicates"),
        "order": [name for name, _, _ in parts],
        **{name: _part(name, kind, held) for name, kind, held in parts},
    }


def _part(name: str, kind: str, held: bytes) -> Any:
    if name.endswith(".labels"):
        assert kind == "application/json"
        return json.loads(held)
    # The Python client does not say what it sends.
    return hashlib.sha256(held).hexdigest(), None if kind == "multipart/form-data" else kind


def same(ours: dict[str, Any], theirs: dict[str, Any]) -> bool:
    """Whether two uploads mean the same; a type that is not told fits each."""
    return ours.keys() == theirs.keys() and all(
        ours[key] == value
        or (isinstance(value, tuple) and value[1] is None and ours[key][0] == value[0])
        for key, value in theirs.items()
    )


def _unescape(value: str) -> str:
    return re.sub(r"\\x([0-9a-f]{2})", lambda found: chr(int(found[1], 16)), value)
