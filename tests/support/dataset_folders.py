"""Folders of data for the tests: written as texts, with tiny pictures."""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path
from typing import Any


def png(width: int, height: int) -> bytes:
    """A black picture that any reader takes."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress(bytes((width + 1) * height))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


def write_files(folder: Path, files: dict[str, Any]) -> Path:
    """Write files by their paths: bytes, text, or what becomes JSON; None is a picture."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            path.write_bytes(png(100, 80))
        elif isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content if isinstance(content, str) else json.dumps(content))
    return folder


def coco(file: str = "a.png", bbox: Any = (1, 2, 3, 4), **changes: Any) -> dict[str, Any]:
    """A COCO document with one box."""
    return {
        "images": [{"id": 7, "file_name": file, "width": 100, "height": 80}],
        "annotations": [{"id": 1, "image_id": 7, "category_id": 3, "bbox": bbox}],
        "categories": [{"id": 3, "name": "car"}],
    } | changes


def voc(file: str = "a.png", corners: tuple[object, ...] = (1, 2, 4, 6)) -> str:
    """A VOC document with one box."""
    box = "".join(
        f"<{name}>{corner}</{name}>"
        for name, corner in zip(("xmin", "ymin", "xmax", "ymax"), corners, strict=True)
    )
    return (
        f"<annotation><filename>{file}</filename><size><width>100</width><height>80</height>"
        f"</size><object><name>car</name><bndbox>{box}</bndbox></object></annotation>"
    )


def boxes_file(entries: dict[str, Any]) -> dict[str, Any]:
    """A bounding_boxes.labels."""
    return {"version": 1, "type": "bounding-box-labels", "boundingBoxes": entries}
