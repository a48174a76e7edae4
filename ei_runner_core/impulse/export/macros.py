"""Object-like macros: their definitions, and text with their values put in."""

from __future__ import annotations

import re

from ...errors import ModelFormatError

__all__ = ["TEXT_OR_COMMENT", "Macros"]

MAX_EXPANSION = 2**16
MAX_NESTING = 100

TEXT_OR_COMMENT = r"//[^\n]*|/\*.*?(?:\*/|\Z)|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'"
# comments and texts keep their words; numbers are there so that 1e5 and 0xE are no words
_TOKEN = re.compile(TEXT_OR_COMMENT + r"|\.?\d[\w.]*|[A-Za-z_]\w*", re.DOTALL)


class Macros:
    """The definitions at one place of the text; a macro with parameters is known but not used."""

    def __init__(self) -> None:
        self._bodies: dict[str, str | None] = {}
        self._expanded: dict[str, str] = {}
        self._pending: list[str] = []

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

    def expand(self, text: str) -> str:
        """The text with all macros replaced, as the preprocessor of C does it.

        Raises:
            ModelFormatError: a macro leads back to itself, or expands beyond all bounds.
        """
        return _TOKEN.sub(self._replacement, text)

    def _replacement(self, token: re.Match[str]) -> str:
        word = token[0]
        body = self._bodies.get(word)
        if body is None:
            return word
        known = self._expanded.get(word)
        if known is None:
            known = self._expanded[word] = self._expand_body(word, body)
        return known

    def _expand_body(self, name: str, body: str) -> str:
        if name in self._pending:
            chain = " -> ".join([*self._pending[-5:], name])
            raise ModelFormatError(f"the macro {name} is defined by itself: {chain}")
        if len(self._pending) >= MAX_NESTING:
            raise ModelFormatError(f"the macro {name} is nested more than {MAX_NESTING} deep")
        self._pending.append(name)
        try:
            text = self.expand(body)
        finally:
            self._pending.pop()
        if len(text) > MAX_EXPANSION:
            raise ModelFormatError(f"the macro {name} expands to more than {MAX_EXPANSION} letters")
        return text
