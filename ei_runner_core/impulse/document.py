"""Reading and writing ``impulse.json``, and its JSON Schema."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from ..errors import ModelFormatError
from .tree import Impulse
from .validate import check_references

__all__ = ["dump_impulse", "json_schema", "parse_impulse"]

FORMAT = "ei-runner-impulse"
VERSION = 1
MAX_SHOWN = 100


class _Header(msgspec.Struct):
    """The two fields that say whether the rest can be understood."""

    format: str = ""
    version: int | None = None


def parse_impulse(document: bytes) -> Impulse:
    """Read the text of an ``impulse.json``.

    Raises:
        ModelFormatError: it is not JSON, of another format or version, or a field is wrong; the
            message names the path of the field, such as ``$.dsp[0].outputs``.
    """
    document = document.removeprefix(b"\xef\xbb\xbf")  # editors on Windows write a mark
    header = _decode(document, _Header)
    if header.version is None:
        raise ModelFormatError(
            f'impulse.json: $.version: the field is missing, write "version": {VERSION}'
        )
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
        details = _allowed(path) if "nvalid" in problem else _shown(document, path)
        raise ModelFormatError(f"impulse.json: {path}: {problem}{details}") from error
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        where = _syntax_error(document) or str(error)
        raise ModelFormatError(f"impulse.json is not valid JSON: {where}") from error


def _syntax_error(document: bytes) -> str:
    """What is wrong with the JSON, by line and column."""
    try:
        json.loads(document)
    except (ValueError, RecursionError) as error:
        return str(error)
    return ""


def _allowed(path: str) -> str:
    """The values that a field of a fixed set may have."""
    schema = json_schema()
    nodes: list[Any] = [schema]
    for name in re.findall(r"\.([\w-]+)|\[", path):
        nodes = [found for node in _branches(nodes, schema) if (found := _below(node, name))]
    values = [value for node in _branches(nodes, schema) for value in node.get("enum", ())]
    listed = ", ".join(json.dumps(value) for value in dict.fromkeys(values))
    return f"; expected one of {listed}" if listed else ""


def _branches(nodes: list[Any], schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The nodes themselves, with references and alternatives resolved."""
    for node in nodes:
        if "$ref" in node:
            yield from _branches([schema["$defs"][node["$ref"].rpartition("/")[2]]], schema)
        elif "anyOf" in node:
            yield from _branches(node["anyOf"], schema)
        else:
            yield node


def _below(node: dict[str, Any], name: str) -> Any:
    return node.get("properties", {}).get(name) if name else node.get("items")


def _shown(document: bytes, path: str) -> str:
    """The wrong value itself, where it is a plain one that the path leads to."""
    try:
        value: Any = msgspec.json.decode(document)
        for name, index in re.findall(r"\.([\w-]+)|\[(\d+)\]", path):
            value = value[name] if name else value[int(index)]
    except (msgspec.DecodeError, RecursionError, LookupError, TypeError):
        return ""
    shown = json.dumps(value)
    return "" if isinstance(value, (dict, list)) or len(shown) > MAX_SHOWN else f", got {shown}"


def dump_impulse(impulse: Impulse) -> str:
    """The text of an ``impulse.json``, for people to read too."""
    return msgspec.json.format(msgspec.json.encode(impulse), indent=2).decode() + "\n"


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of ``impulse.json``, as published in the documentation."""
    schema: dict[str, Any] = json.loads(json.dumps(msgspec.json.schema(Impulse)))
    for definition in schema["$defs"].values():
        if "description" in definition:  # a docstring, indented on Python before 3.13
            definition["description"] = inspect.cleandoc(definition["description"])
    schema["$defs"]["Impulse"]["required"] = ["format", "version", "input", "learn"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Edge Impulse impulse bundle of ei-runner",
        **schema,
    }
