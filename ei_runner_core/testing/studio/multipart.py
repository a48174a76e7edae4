"""Reads ``multipart/form-data``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct
from werkzeug.http import parse_options_header

from .exchange import RefusedError

__all__ = ["Part", "read_parts"]


_QUOTED = re.compile(r'[;\s](name|filename)="([^"]*)"')


class Part(Struct, frozen=True):
    """One part: a file, or a field if it has no file name."""

    name: str
    filename: str | None
    content_type: str
    content: bytes


def read_parts(body: bytes, content_type: str) -> list[Part]:
    """All parts of a body.

    Raises:
        RefusedError: it is not one.
    """
    kind, options = parse_options_header(content_type)
    boundary = options.get("boundary")
    if kind != "multipart/form-data" or not boundary:
        raise RefusedError("Expected a body of type multipart/form-data", 400)
    return [_read_part(piece) for piece in _split(body, b"--" + boundary.encode())]


def _split(body: bytes, mark: bytes) -> Iterator[bytes]:
    """Without werkzeug's decoder: it compiles two patterns a body, longer than all else takes."""
    start = body.find(mark + b"\r\n")
    if start < 0:
        raise RefusedError("Unexpected end of form", 400)
    start += len(mark) + 2
    while True:
        end = body.find(b"\r\n" + mark, start)
        if end < 0:
            raise RefusedError("Unexpected end of form", 400)
        yield body[start:end]
        start = end + 2 + len(mark)
        if body.startswith(b"--", start):
            return
        start += 2


def _read_part(piece: bytes) -> Part:
    head, separator, content = piece.partition(b"\r\n\r\n")
    if not separator:
        raise RefusedError("Malformed part header", 400)
    lines = (line.partition(":") for line in head.decode("utf-8", "replace").split("\r\n"))
    headers = {name.strip().lower(): value.strip() for name, _, value in lines}
    options = _read_options(headers.get("content-disposition", ""))
    if "name" not in options:
        raise RefusedError("Malformed part header", 400)
    return Part(options["name"], options.get("filename"), headers.get("content-type", ""), content)


def _read_options(disposition: str) -> dict[str, str]:
    """Its options; quoted ones as browsers write them, which leave a backslash as it is."""
    _, options = parse_options_header(disposition)
    return options | {name: _unquote(text) for name, text in _QUOTED.findall(disposition)}


def _unquote(text: str) -> str:
    return text.replace("%22", '"').replace("%0D", "\r").replace("%0A", "\n")
