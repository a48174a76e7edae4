"""The preprocessor: from header files to one text with the values of macros in it.

Directives and the comments of licences are gone from the text. Conditions that cannot be
understood count as false, and headers that are not part of the export are noted and passed over.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ...errors import ModelFormatError
from .directives import Header
from .expressions import number
from .files import ExportFiles
from .initializers import evaluate_condition
from .macros import MAX_TEXT, TEXT_OR_COMMENT, Macros
from .sdk import HEADER_MACROS

__all__ = ["HEADERS", "Preprocessor"]

HEADERS = "model-parameters"
MAX_HEADER_BYTES = 32 * 2**20
MAX_HEADERS = 50
MAX_DIRECTIVES = 5_000
MAX_CONDITION = 2**11

_COMMENT = re.compile(TEXT_OR_COMMENT, re.DOTALL)
_NUMBERS = re.compile(r"\{([\s0-9a-fA-FxXuUlL.,+-]{2000,})\}")
_NEW = re.compile(r"\bnew\s{1,9}[\w\s:*]{1,80}\[[^\]\n]{0,80}\]\s{0,80}(?=\{)")
_INCLUDE = re.compile(r"\s*\"([^\"]+)\"")
_DEFINED = re.compile(r"\bdefined\s*(?:\(\s*(\w+)\s*\)|(\w+))")


@dataclass
class Preprocessor:
    """Reads headers one after the other; the macros of one hold in the next."""

    files: ExportFiles
    macros: Macros = field(default_factory=Macros)
    includes: list[str] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)
    parts: list[tuple[str, str]] = field(default_factory=list)
    _there: frozenset[str] = frozenset()
    _read: set[str] = field(default_factory=set)
    _size: int = 0
    _directives: int = 0
    _reading: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.macros.define("__cplusplus", "201703")
        self._there = frozenset(self.files.names(HEADERS))

    @property
    def text(self) -> str:
        """All that was read so far, without directives and with the values of macros."""
        return "".join(text for _, text in self.parts)

    def header_at(self, offset: int) -> str:
        """The name of the header from which a letter of the text comes."""
        for header, text in self.parts:
            if offset < len(text):
                return header
            offset -= len(text)
        return HEADERS

    def read(self, header: str) -> None:
        """Add a header of the export, with those that it includes, unless it is there already."""
        if header in self._read:
            return
        if len(self._read) >= MAX_HEADERS:
            raise ModelFormatError(
                f"there are more than {MAX_HEADERS} headers, {header} among them"
            )
        self._read.add(header)
        self._reading.append(header)
        content = self.files.read(f"{HEADERS}/{header}", MAX_HEADER_BYTES)
        Header(self, header, self._prepared(header, content)).read()
        self._reading.pop()

    def add(self, lines: list[str]) -> None:
        """Add lines that count, with the values that macros have there."""
        text = self.macros.expand("\n".join(lines)) + "\n"
        self.parts.append((self._reading[-1], text))
        self._size += len(text)
        if self._size > MAX_TEXT:
            raise ModelFormatError(f"the headers hold more than {MAX_TEXT >> 10} KiB of text")

    def count_directive(self) -> None:
        """Bound what is done for the lines that begin with #."""
        self._directives += 1
        if self._directives > MAX_DIRECTIVES:
            raise ModelFormatError(f"the headers hold more than {MAX_DIRECTIVES} directives")

    def _prepared(self, header: str, content: bytes) -> str:
        """The text in lines of the preprocessor, long lists of numbers taken out of it."""
        if b"\0" in content:
            raise ModelFormatError(f"{header} is no text; is the export damaged?")
        text = content.decode("utf-8-sig", "replace").replace("\r\n", "\n").replace("\\\n", "")
        text = _COMMENT.sub(lambda match: _closed(match, header), _NEW.sub("", text))
        text = _NUMBERS.sub(self._numbered, text)
        if len(text) > MAX_TEXT:
            raise ModelFormatError(f"{header} holds more than {MAX_TEXT >> 10} KiB of text")
        return text

    def _numbered(self, match: re.Match[str]) -> str:
        self.numbers.append(match[1])
        return f"{{ __ei_numbers_{len(self.numbers) - 1} }}"

    def note_include(self, rest: str) -> None:
        """Read an included header where it belongs to the export's own, and note its name."""
        match = _INCLUDE.match(self.macros.expand(rest))
        if match is None:
            return
        for macro, value in HEADER_MACROS.get(match[1], {}).items():
            self.macros.define(macro, str(value))
        folder, _, name = match[1].rpartition("/")
        self.includes.append(match[1])
        if folder in ("", HEADERS) and name in self._there:
            self.read(name)

    def holds(self, condition: str) -> bool:
        """Whether the condition of an #if is true."""
        if len(condition) > MAX_CONDITION:
            raise ModelFormatError(f"a condition has more than {MAX_CONDITION} letters")
        known = _DEFINED.sub(lambda m: str(int((m[1] or m[2]) in self.macros)), condition)
        expanded = self.macros.expand(known, MAX_CONDITION).strip()
        if expanded.isdecimal():
            return bool(number(expanded))
        return evaluate_condition(expanded)


def _closed(match: re.Match[str], header: str) -> str:
    """Comments that name a field stay, those of several lines are licences."""
    found = match[0]
    is_comment = found.startswith("/*")
    ending = "*/" if is_comment else '"' if found.startswith('"') else ""
    if match.end() == len(match.string) and (
        len(found) < 2 * len(ending) or not found.endswith(ending)
    ):
        what = "comment" if is_comment else "text"
        raise ModelFormatError(f"{header} ends inside a {what}; is it complete?")
    return "\n" if is_comment and "\n" in found else found
