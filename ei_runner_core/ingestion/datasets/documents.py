"""Reading annotation files, with messages that name the file and the line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TypeVar

import msgspec

from ..._text import one_line
from ...errors import InvalidInputError

__all__ = ["decode_json", "read_bytes", "read_json", "read_text", "shown"]

Document = TypeVar("Document")

_BYTE = re.compile(r" \(byte (\d+)\)")
_MARK = b"\xef\xbb\xbf"  # a byte order mark, which some editors write before UTF-8


def shown(path: Path) -> str:
    """A path that can be printed, whatever bytes it is made of."""
    text = str(path)
    if text.isascii() and text.isprintable():
        return text
    return one_line(text.encode(errors="backslashreplace").decode())


def read_bytes(path: Path, limit: int | None = None) -> bytes:
    """What an annotation file holds.

    Raises:
        InvalidInputError: it cannot be read, or has more than ``limit`` bytes.
    """
    try:
        with path.open("rb") as file:
            content = file.read(-1 if limit is None else limit + 1)
    except OSError as error:
        raise InvalidInputError(f"cannot read {shown(path)}: {error.strerror or error}") from error
    if limit is not None and len(content) > limit:
        raise InvalidInputError(
            f"{shown(path)} has more than {limit} bytes, which no annotation file needs"
        )
    return content.removeprefix(_MARK)


def read_text(path: Path, limit: int | None = None) -> str:
    """An annotation file as text; see :func:`read_bytes`."""
    content = read_bytes(path, limit)
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise InvalidInputError(
            f"{shown(path)}, line {_line(content, error.start)}: it is no UTF-8; save it as UTF-8"
        ) from error


def read_json(path: Path, kind: type[Document]) -> Document:
    """A JSON file as a record; see :func:`decode_json`."""
    return decode_json(read_bytes(path), kind, path)


def decode_json(content: bytes, kind: type[Document], path: Path, line: int = 1) -> Document:
    """JSON as a record.

    Args:
        content: the text.
        kind: what it is expected to be.
        path: the file, for messages.
        line: on which ``content`` begins in it, counted from 1.

    Raises:
        InvalidInputError: it is damaged, or something else.
    """
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.ValidationError as error:
        place = f", line {line}" if line > 1 else ""
        raise InvalidInputError(f"{shown(path)}{place}: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        line += _line(content, _position(error, content)) - 1
        reason = _BYTE.sub("", str(error))
        raise InvalidInputError(
            f"{shown(path)}, line {line}: it is no JSON: {reason}; write the file anew"
        ) from error


def _position(error: Exception, content: bytes) -> int:
    if isinstance(error, UnicodeDecodeError):
        return error.start + content.find(error.object)
    found = _BYTE.search(str(error))
    return int(found[1]) if found else len(content.rstrip())


def _line(content: bytes, position: int) -> int:
    return content.count(b"\n", 0, position) + 1
