"""Names of samples on the wire, and what their endings say."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from ..errors import InvalidInputError
from ._texts import check_text

__all__ = ["check_filename", "content_type", "quoted", "with_ending"]

_CONTENT_TYPES = {
    ".avi": "video/avi",
    ".cbor": "application/cbor",
    ".csv": "text/csv",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".json": "application/json",
    ".labels": "application/json",
    ".mp4": "video/mp4",
    ".parquet": "application/vnd.apache.parquet",
    ".png": "image/png",
    ".txt": "text/plain",
    ".wav": "audio/wav",
}
_UNKNOWN = "application/octet-stream"
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def content_type(filename: str) -> str:
    """The content type of a file, by the ending of its name."""
    return _CONTENT_TYPES.get(PurePosixPath(filename).suffix.lower(), _UNKNOWN)


def with_ending(name: str, ending: str) -> str:
    """A name with an ending, unless it has that already."""
    check_text(name, "the name of a sample")
    return name if PurePosixPath(name).suffix.lower() == ending else name + ending


def quoted(filename: str) -> str:
    """A name as browsers write it into the header of a part, where a quote would end it."""
    return filename.replace('"', "%22")


def check_filename(filename: str) -> None:
    """Refuse what does not arrive as the name that it is.

    Raises:
        InvalidInputError: the name cannot be sent.
    """
    check_text(filename, "the file name of a sample")
    problem = _problem(filename)
    if problem:
        raise InvalidInputError(
            f"the file name {filename!r} {problem}; give the sample another one"
        )


def _problem(filename: str) -> str:
    if filename in ("", ".", ".."):
        return "names no file"
    if "/" in filename or filename.endswith("\\"):
        return "has the form of a folder"
    if _CONTROL.search(filename):
        return "has control characters"
    if filename.endswith(".labels"):
        return "is that of a file that describes samples"
    return ""
