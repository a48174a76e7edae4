"""Which source is likely to define a symbol, guessed from the text of all candidates."""

from __future__ import annotations

import functools
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Index", "identifiers", "including", "is_of_the_runtime", "make_index", "mentioning"]

# Repetitions are bounded, so that no text, however strange, takes long to look through.
_COMMENT = re.compile(
    r'//[^\n]*|/\*.*?(?:\*/|\Z)|("(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\')', re.DOTALL
)
_FUNCTION = re.compile(
    r"((?:\b\w+(?:<[^<>;{}()]*>)?::){0,6})~?\b(\w+)[ \t]*"
    r"\((?:[^(){};]|\([^(){};]*\))*\)\s*"
    r"(?:(?:const|noexcept|override|final)\s*){0,4}(?::(?!:)[^;{}]{0,400})?\{"
)
_DATA = re.compile(
    r"^(?:[A-Za-z_][\w:<>,]*[ \t*&]+){1,8}((?:\w+::){0,6})([A-Za-z_]\w*)\s*"
    r"(?:\[[^\]]{0,200}\]\s*){0,4}(?:=[^=]|;)",
    re.MULTILINE,
)
_INCLUDED = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"\n]+)"', re.MULTILINE)
_NAMESPACE = re.compile(r"\bnamespace\s+([A-Za-z_][\w:]*)")
_KEYWORDS = {"if", "for", "while", "switch", "catch", "return", "sizeof", "defined", "else", "do"}
_RUNTIME = ("_ZNSt", "_ZNKSt", "_ZSt", "_ZTVN10__cxxabiv", "_ZdlPv", "_ZdaPv", "_Znw", "_Zna",
            "__cxa_", "__gxx_", "_Unwind_", "__stack_chk", "_GLOBAL_OFFSET_TABLE_")  # fmt: skip
_SPECIAL = re.compile(r"_Z(?:T[VTIS]|GV|GR|Th[\dn_]+|Tv[\dn_]+_)?")
_LENGTH = re.compile(r"\d+")
_QUALIFIERS = re.compile(r"[NKVrRO]|L(?=\d)")


@dataclass(frozen=True)
class Index:
    """Definitions by their last identifier, and the scopes that each source names.

    Sources are numbered in the order of the candidates.
    """

    definitions: Mapping[str, list[int]]
    scopes: Mapping[str, list[int]]

    def candidates(self, symbol: str) -> list[int]:
        """The sources that may define a symbol, the most likely first."""
        *scopes, name = identifiers(symbol) or ("",)
        found = self.definitions.get(name, ()) or self.scopes.get(name, ())
        known = [set(self.scopes.get(scope, ())) for scope in scopes]
        return sorted(found, key=lambda source: -sum(source in scope for scope in known))


def is_of_the_runtime(symbol: str) -> bool:
    """Whether a symbol belongs to the C++ runtime, which no candidate defines."""
    return symbol.startswith(_RUNTIME)


def identifiers(symbol: str) -> tuple[str, ...]:
    """The identifiers of a symbol, outermost first, without arguments.

    That of a constructor, a destructor, an operator or a virtual table is its class.
    """
    start = _SPECIAL.match(symbol)
    if start is None:
        return (symbol,)
    found, at = [], start.end()
    while qualifier := _QUALIFIERS.match(symbol, at):
        at = qualifier.end()
    while length := _LENGTH.match(symbol, at):
        at = length.end() + int(length[0])
        found.append(symbol[length.end() : at])
    return tuple(found)


def make_index(sources: Iterable[Path]) -> Index:
    """Look through the text of all candidates; those that cannot be read define nothing."""
    definitions: dict[str, list[int]] = defaultdict(list)
    scopes: dict[str, list[int]] = defaultdict(list)
    for number, path in enumerate(sources):
        text = _code(path)
        names, qualifiers = _definitions(text)
        for name in names:
            definitions[name].append(number)
        for scope in qualifiers | _namespaces(text):
            scopes[scope].append(number)
    return Index(dict(definitions), dict(scopes))


def mentioning(sources: Iterable[Path], names: Iterable[str]) -> list[int]:
    """The sources whose text has one of the names as a word: a definition may hide in a macro."""
    wanted = set(names)
    return [
        number
        for number, path in enumerate(sources)
        if not wanted.isdisjoint(re.findall(r"[A-Za-z_]\w*", _code(path)))
    ]


def including(sources: Iterable[Path], root: Path, names: Iterable[str]) -> list[int]:
    """The sources with a header in which one of the names stands: it may define it for them."""
    wanted = set(names)

    @functools.cache
    def mentions(header: str) -> bool:
        return bool(mentioning([root / header], wanted))

    return [
        number
        for number, path in enumerate(sources)
        if any(map(mentions, _INCLUDED.findall(_text(path))))
    ]


def _code(path: Path) -> str:
    """The text without comments and without what stands in quotes."""
    return _COMMENT.sub(lambda found: '""' if found[1] else " ", _text(path))


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""


def _definitions(text: str) -> tuple[set[str], set[str]]:
    found = _FUNCTION.findall(text) + _DATA.findall(text)
    qualifiers = {name for scope, _ in found for name in re.findall(r"[A-Za-z_]\w*", scope)}
    return {name for _, name in found} - _KEYWORDS, qualifiers


def _namespaces(text: str) -> set[str]:
    return {part for name in _NAMESPACE.findall(text) for part in name.split("::")}
