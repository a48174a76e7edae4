"""Directives of the preprocessor, line by line.

An #endif of nothing is passed over. A conditional that is still open at the end of its file means
that the file was cut off, as those of exports stand between an #ifndef and its #endif.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Protocol

from ...errors import ModelFormatError
from .macros import TEXT_OR_COMMENT, Macros

__all__ = ["Header", "Surroundings"]

_DIRECTIVE = re.compile(r"\s*#\s*(\w+)(.*)")
_DEFINE = re.compile(r"\s*(\w+)(\()?(.*)")
_COMMENT = re.compile(TEXT_OR_COMMENT, re.DOTALL)
_GENERATED = ("model_", "dsp_", "anomaly_")
_EXTERN = re.compile(r"\s*extern\s*\"C\"\s*\{")


class Surroundings(Protocol):
    """What a header is read into."""

    macros: Macros

    def add(self, lines: list[str]) -> None:
        """Take lines that count."""

    def count_directive(self) -> None:
        """Know of a directive."""

    def note_include(self, rest: str) -> None:
        """Follow an #include."""

    def holds(self, condition: str) -> bool:
        """Whether the condition of an #if is true."""


@dataclass
class _Conditional:
    """One #if with its branches: whether what stands around it counts, and whether one did."""

    word: str
    outside: bool
    taken: bool
    active: bool


class Header:
    """One header while it is read: the lines that count, between its directives."""

    def __init__(self, surroundings: Surroundings, name: str, text: str) -> None:
        self._around = surroundings
        self._name = name
        self._lines = text.split("\n")
        self._pending: list[str] = []
        self._open: list[_Conditional] = []
        self._closed = ("", "")  # the last conditional that was closed, and what its #endif says
        self._says_anything = False
        self._externs = 0

    def read(self) -> None:
        """Follow the directives line by line.

        Raises:
            ModelFormatError: the header ends where it cannot end, or says nothing.
        """
        for line in self._lines:
            directive = _DIRECTIVE.match(line)
            if directive is None:
                if self._is_active:
                    self._take(line)
            else:
                self._follow(directive[1], directive[2])
        self._flush()
        self._check_end()

    def _take(self, line: str) -> None:
        self._pending.append(line)
        self._says_anything |= bool(line.strip()) and not line.lstrip().startswith("/")
        self._externs += _EXTERN.match(line) is not None

    def _check_end(self) -> None:
        if not self._says_anything and self._name.startswith(_GENERATED):
            raise ModelFormatError(f"{self._name} says nothing about an impulse; is it complete?")
        if self._open and not self._lacks_an_end_of_extern():
            shown = self._open[-1].word[:60]
            raise ModelFormatError(
                f"{self._name} ends inside a condition ({shown}); is it complete?"
            )
        if self._open:
            self._around.add(["}" * self._externs])

    def _lacks_an_end_of_extern(self) -> bool:
        """Whether all that is open is an ``#ifdef __cplusplus``, a slip that some exports have.

        Its #endif is the one that ends the file then, and says what it was meant to end.
        """
        outer, (inner, said) = self._open[0].word, self._closed
        return len(self._open) == 1 and (
            outer == "__cplusplus" or (inner == "__cplusplus" and bool(outer) and outer in said)
        )

    @property
    def _is_active(self) -> bool:
        return not self._open or self._open[-1].active

    def _flush(self) -> None:
        """Put the values of macros into what was collected since they changed."""
        if self._pending:
            self._around.add(self._pending)
            self._pending = []

    def _follow(self, name: str, rest: str) -> None:
        self._around.count_directive()
        if name in self._CONDITIONS:
            self._CONDITIONS[name](self, rest)
        elif self._is_active and name in self._ACTIONS:
            self._flush()
            self._says_anything = True
            self._ACTIONS[name](self, rest)

    def _define(self, rest: str) -> None:
        match = _DEFINE.match(rest)
        if match is not None:
            body = None if match[2] else _without_comments(match[3]).strip()
            self._around.macros.define(match[1], body)

    def _undefine(self, rest: str) -> None:
        self._around.macros.undefine(_word(rest))

    def _include(self, rest: str) -> None:
        self._around.note_include(rest)

    def _if(self, rest: str) -> None:
        self._enter(rest.strip(), lambda: self._around.holds(_without_comments(rest)))

    def _if_defined(self, rest: str) -> None:
        self._enter(_word(rest), lambda: _word(rest) in self._around.macros)

    def _if_not_defined(self, rest: str) -> None:
        self._enter(_word(rest), lambda: _word(rest) not in self._around.macros)

    def _enter(self, word: str, condition: Callable[[], bool]) -> None:
        outside = self._is_active
        active = outside and condition()
        self._open.append(_Conditional(word, outside, active, active))

    def _else_if(self, rest: str) -> None:
        if self._open:
            top = self._open[-1]
            top.active = (
                top.outside and not top.taken and self._around.holds(_without_comments(rest))
            )
            top.taken |= top.active

    def _else(self, rest: str) -> None:
        if self._open:
            top = self._open[-1]
            top.active = top.outside and not top.taken
            top.taken = True

    def _end(self, rest: str) -> None:
        if self._open:
            self._closed = (self._open.pop().word, rest)

    _CONDITIONS: ClassVar[dict[str, Callable[[Header, str], None]]] = {
        "if": _if,
        "ifdef": _if_defined,
        "ifndef": _if_not_defined,
        "elif": _else_if,
        "else": _else,
        "endif": _end,
    }
    _ACTIONS: ClassVar[dict[str, Callable[[Header, str], None]]] = {
        "define": _define,
        "undef": _undefine,
        "include": _include,
    }


def _without_comments(text: str) -> str:
    return _COMMENT.sub(lambda m: " " if m[0].startswith("/") else m[0], text)


def _word(text: str) -> str:
    match = re.search(r"\w+", text)
    return match[0] if match else ""
