"""Samples of all kinds, for the promises of uploaders."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path

from ..contract import UNLABELED, Label, LabeledBox, LabelSpan, Sample

__all__ = ["DESCRIBED", "HOSTILE_NAMES", "PLAIN", "SAMPLE", "differences"]

HOSTILE_NAMES = ("../outside.csv", "/outside.csv", "a\\..\\..\\outside.csv", "", "..", "nul\0.csv")
SAMPLE = Sample("walk.csv", b"timestamp,x\n0,1\n", label="walking", metadata={"site": "home"})


def _png() -> bytes:
    """A black image of 8 by 8 pixels."""
    head = struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress((b"\0" * 25) * 8)), (b"IEND", b""))
    written = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(written)


def _series(*values: float) -> bytes:
    payload = {
        "device_type": "TEST",
        "interval_ms": 10,
        "sensors": [{"name": "x", "units": "N/A"}],
        "values": [[value] for value in values],
    }
    protected = {"ver": "v1", "alg": "none"}
    document = {"protected": protected, "signature": "0" * 64, "payload": payload}
    return json.dumps(document).encode()


PNG = _png()
PLAIN = {
    "no label": Sample("plain.csv", b"x\n1\n"),
    "unicode": Sample("größe 1.csv", b"x\n2\n", label="straße", category="testing"),
    "empty": Sample("empty.csv", b""),
    "binary": Sample("bytes.cbor", bytes(range(256)) * 300, label="a/b: c"),
}
"""Whose bytes arrive."""

DESCRIBED = {
    "one label": SAMPLE,
    "label of blanks and signs": Sample("a.csv", b"x\n3\n", label="a b/c, ü: 100 %"),
    "unlabeled": Sample("up.1.csv", b"x\n4\n", label=UNLABELED),
    "several labels": Sample("b.csv", b"x\n5\n", label=("cat", "dög")),
    "labels by key": Sample("c.csv", b"x\n6\n", label={"animal": "cat", "größe": "klein"}),
    "category": Sample("d.csv", b"x\n7\n", label="up", category="testing"),
    "metadata": Sample("e.csv", b"x\n8\n", label="up", metadata={"ort": "Köln", "quote": 'a"b'}),
    "boxes": Sample(
        "f.png",
        PNG,
        label="street",
        bounding_boxes=(LabeledBox("car", 0, 1, 2, 3), LabeledBox("töff", 1.5, 0, 4, 4)),
    ),
    "no boxes": Sample("g.png", PNG + b"\0", label="street", bounding_boxes=()),
    "spans": Sample(
        "h.json",
        _series(1, 2, 3),
        structured_labels=(LabelSpan(0, 1, "idle"), LabelSpan(2, 2, "wäve")),
    ),
    "spans with maps": Sample(
        "i.json",
        _series(1, 2),
        structured_labels=(
            LabelSpan(0, 0, "idle", {"who": "ann"}),
            LabelSpan(1, 1, "wave", {"who": "bob"}),
        ),
    ),
}
"""What is said about them arrives as well."""


def differences(sent: Sample, arrived: Sample) -> dict[str, tuple[object, object]]:
    """What was sent and what arrived, where that is not the same.

    A sample without a label may have got one from its name or its spans.
    """
    said, found = _described(sent), _described(arrived)
    if sent.label is None:
        del said["label"]
    return {name: (value, found[name]) for name, value in said.items() if value != found[name]}


def _described(sample: Sample) -> dict[str, object]:
    return {
        "filename": sample.filename,
        "content": sample.read(),
        "category": sample.category,
        "label": _label(sample.label),
        "metadata": dict(sample.metadata),
        "bounding_boxes": sample.bounding_boxes,
        "structured_labels": tuple(
            (span.start, span.end, span.label, dict(span.label_map))
            for span in sample.structured_labels
        ),
        "attachments": _contents(sample.attachments),
    }


def _label(label: Label) -> object:
    return dict(label) if isinstance(label, Mapping) else label


def _contents(files: tuple[Path, ...]) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in files}
