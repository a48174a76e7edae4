"""Object-like macros: their definitions, and text with their values put in."""

from __future__ import annotations

import re

from ...errors import ModelFormatError

__all__ = ["MAX_TEXT", "TEXT_OR_COMMENT", "Macros"]

MAX_TEXT = 2**19
MAX_EXPANSION = 2**16
MAX_EXPANDED = 2**23
MAX_NESTING = 100

# what is not closed ends with its line, and letters are short: nothing is ever looked at twice
TEXT_OR_COMMENT = (
    r"//[^\n]*|/\*.*?(?:\*/|\Z)"
    r"|\"[^\"\\\n]*(?:\\.[^\"\\\n]*)*\"?|'(?:\\.|[^'\\\n]){0,12}'"
)
# comments and texts keep their words; numbers are there so that 1e5 and 0xE are no words
_TOKEN = re.compile(TEXT_OR_COMMENT + r"|\.?\d[\w.]*|[A-Za-z_]\w*", re.DOTALL)


class Macros:
    """The definitions at one place of the text; a macro with parameters is known but not used."""

    def __init__(self) -> None:
        self._bodies: dict[str, str | None] = {}
        self._expanded: dict[str, str] = {}
        self._pending: list[str] = []
        self._work = 0

    def __contains__(self, name: str) -> bool:
        return name in self._bodies

    def names(self) -> tuple[str, ...]:
        """The macros without parameters."""
        return tuple(name for name, body in self._bodies.items() if body is not None)

    def define(self, name: str, body: str | None) -> None:
        """Set the text of a macro; ``None`` for one with parameters."""
        self._bodies[name] = body
        self._expanded.clear()

    def undefine(self, name: str) -> None:
        """Forget a macro, if there is one."""
        self._bodies.pop(name, None)
        self._expanded.clear()

    def expand(self, text: str, limit: int = MAX_TEXT) -> str:
        """The text with all macros replaced, as the preprocessor of C does it.

        Raises:
            ModelFormatError: a macro leads back to itself, or expands beyond all bounds; or the
                values that are put in have more than ``limit`` letters.
        """
        parts: list[str] = []
        end = size = 0
        for token in _TOKEN.finditer(text):
            word = token[0]
            body = self._bodies.get(word)
            if body is None:
                continue
            value = self._value(word, body)
            size += len(value)
            if size > limit:
                shown = f"the macro {self._pending[-1]}" if self._pending else "a text with macros"
                raise ModelFormatError(f"{shown} expands to more than {limit} letters")
            parts += (text[end : token.start()], value)
            end = token.end()
        return "".join((*parts, text[end:]))

    def _value(self, name: str, body: str) -> str:
        known = self._expanded.get(name)
        if known is None:
            known = self._expanded[name] = self._expand_body(name, body)
            self._work += len(known) + 64
            if self._work > MAX_EXPANDED:
                raise ModelFormatError(
                    f"the macros expand to more than {MAX_EXPANDED} letters, last of all {name}"
                )
        return known

    def _expand_body(self, name: str, body: str) -> str:
        if name in self._pending:
            chain = " -> ".join([*self._pending[-5:], name])
            raise ModelFormatError(f"the macro {name} is defined by itself: {chain}")
        if len(self._pending) >= MAX_NESTING:
            raise ModelFormatError(f"the macro {name} is nested more than {MAX_NESTING} deep")
        self._pending.append(name)
        try:
            text = self.expand(body, MAX_EXPANSION)
        finally:
            self._pending.pop()
        if len(text) > MAX_EXPANSION:
            raise ModelFormatError(f"the macro {name} expands to more than {MAX_EXPANSION} letters")
        return text
