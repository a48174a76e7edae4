"""Reading and writing ``impulse.json``, and its JSON Schema."""

from __future__ import annotations

import inspect
import json
import re
from typing import Any

import msgspec

from ..errors import ModelFormatError
from .tree import Impulse
from .validate import check_references

__all__ = ["dump_impulse", "json_schema", "parse_impulse"]

FORMAT = "ei-runner-impulse"
VERSION = 1


class _Header(msgspec.Struct):
    """The two fields that say whether the rest can be understood."""

    format: str = ""
    version: int = 0


def parse_impulse(document: bytes) -> Impulse:
    """Read the text of an ``impulse.json``.

    Raises:
        ModelFormatError: it is not JSON, of another format or version, or a field is wrong; the
            message names the path of the field, such as ``$.dsp[0].outputs``.
    """
    header = _decode(document, _Header)
    if header.format != FORMAT:
        raise ModelFormatError(
            f"impulse.json: $.format: expected {FORMAT!r}, got {header.format!r}; "
            "is this a bundle of ei-runner?"
        )
    if header.version != VERSION:
        raise ModelFormatError(
            f"impulse.json: $.version: this ei-runner reads version {VERSION}, the file has "
            f"version {header.version}; upgrade with: pip install -U ei-runner"
        )
    impulse: Impulse = _decode(document, Impulse)
    check_references(impulse)
    return impulse


def _decode(document: bytes, kind: type[Any]) -> Any:
    try:
        return msgspec.json.decode(document, type=kind)
    except msgspec.ValidationError as error:
        problem, _, path = str(error).partition(" - at ")
        path = path.strip("`") or "$"
        got = _shown(document, path)
        raise ModelFormatError(f"impulse.json: {path}: {problem}{got}") from error
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise ModelFormatError(f"impulse.json is not valid JSON: {error}") from error


def _shown(document: bytes, path: str) -> str:
    """The wrong value itself, where it is a plain one that the path leads to."""
    try:
        value: Any = msgspec.json.decode(document)
        for name, index in re.findall(r"\.([\w-]+)|\[(\d+)\]", path):
            value = value[name] if name else value[int(index)]
    except (msgspec.DecodeError, RecursionError, LookupError, TypeError):
        return ""
    return "" if isinstance(value, (dict, list)) else f", got {json.dumps(value)}"


def dump_impulse(impulse: Impulse) -> str:
    """The text of an ``impulse.json``, for people to read too."""
    return msgspec.json.format(msgspec.json.encode(impulse), indent=2).decode() + "\n"


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of ``impulse.json``, as published in the documentation."""
    schema: dict[str, Any] = json.loads(json.dumps(msgspec.json.schema(Impulse)))
    for definition in schema["$defs"].values():
        if "description" in definition:  # a docstring, indented on Python before 3.13
            definition["description"] = inspect.cleandoc(definition["description"])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Edge Impulse impulse bundle of ei-runner",
        **schema,
    }
