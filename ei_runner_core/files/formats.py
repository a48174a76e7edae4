"""Telling what a file is: by its first bytes where they speak, else by its suffix."""

from __future__ import annotations

import re
from pathlib import PurePath

from ..errors import InvalidInputError

__all__ = ["SUFFIXES", "detect_format"]

_OF_SUFFIX = {
    ".png": "image",
    ".jpg": "image",
    ".jpeg": "image",
    ".bmp": "image",
    ".gif": "image",
    ".webp": "image",
    ".tif": "image",
    ".tiff": "image",
    ".ppm": "image",
    ".pgm": "image",
    ".npy": "npy",
    ".npz": "npz",
    ".csv": "table",
    ".json": "json",
    ".txt": "numbers",
    ".wav": "wav",
}
SUFFIXES = frozenset(_OF_SUFFIX)
"""The suffixes, in lower case, of the files that can be read."""

_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"GIF87a", "image"),
    (b"GIF89a", "image"),
    (b"II*\0", "image"),  # TIFF, in both orders of bytes
    (b"MM\0*", "image"),
    (b"\x93NUMPY", "npy"),
    (b"PK\x03\x04", "npz"),
    (b"PK\x05\x06", "npz"),
)
_PORTABLE_MAP = re.compile(rb"P[56]\s+(#.*\s+)*\d+\s+\d+\s+\d+\s")  # PPM and PGM
_JSON_STARTS = (b"{", b"[")
_BOM = b"\xef\xbb\xbf"


def detect_format(content: bytes, name: str) -> str:
    """The format of a content: image, npy, npz, wav, json, table or numbers.

    Args:
        content: the whole content; only its start is looked at.
        name: the name of the file, for its suffix; it may be empty.

    Raises:
        InvalidInputError: neither the content nor the name tells.
    """
    known = _by_content(content) or _OF_SUFFIX.get(PurePath(name).suffix.lower())
    if known is not None:
        return known
    if _PORTABLE_MAP.match(content[:1024]):  # it could be a column of numbers called P5 as well
        return "image"
    if b"\0" not in content[:1024]:
        return "table"
    raise InvalidInputError(
        "its format is not known; expected a picture (PNG, JPEG, BMP, GIF, WEBP, TIFF, PPM), .npy, "
        ".npz, .csv, .json, .txt or .wav"
    )


def _by_content(content: bytes) -> str | None:
    for magic, known in _MAGIC:
        if content.startswith(magic):
            return known
    if content[:4] == b"RIFF" and content[8:12] == b"WAVE":
        return "wav"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image"
    if content[:2] == b"BM" and b"\0" in content[2:16]:
        return "image"
    if content[:1024].removeprefix(_BOM).lstrip().startswith(_JSON_STARTS):
        return "json"
    return None
