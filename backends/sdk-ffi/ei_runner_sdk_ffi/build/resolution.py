"""Which objects a library takes, and which are still to be compiled: the rules of archives."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from .symbols import Symbols

__all__ = ["Resolution", "resolve"]


@dataclass(frozen=True)
class Resolution:
    """What is known so far.

    ``linked``: the candidates that are needed, by number. ``wanted``: those that are likely to
    define what is missing and are not compiled yet. ``missing``: symbols that no candidate seems
    to define; most of them belong to the system's libraries.
    """

    linked: tuple[int, ...]
    wanted: frozenset[int]
    missing: frozenset[str]


def resolve(
    always: Iterable[Symbols],
    compiled: Mapping[int, Symbols],
    likely: Callable[[str], Iterable[int]],
) -> Resolution:
    """Take objects for as long as one of those taken needs something that another defines.

    Args:
        always: the objects that are linked in any case.
        compiled: candidates that were compiled, by number; without symbols if that failed.
        likely: the candidates that may define a symbol, the most likely first.
    """
    always = list(always)
    definers = _definers(compiled)
    defined = set().union(*(symbols.defined for symbols in always))
    linked: dict[int, None] = {}
    wanted, missing, seen = set(), set(), set()
    needs = deque(sorted(set().union(*(symbols.needed for symbols in always))))
    while needs:
        symbol = needs.popleft()
        if symbol in defined or symbol in seen:
            continue
        seen.add(symbol)
        source = definers.get(symbol)
        if source is not None:
            linked[source] = None
            defined |= compiled[source].defined
            needs.extend(sorted(compiled[source].needed))
        elif (guess := _first_unknown(likely(symbol), compiled)) is not None:
            wanted.add(guess)
        else:
            missing.add(symbol)
    return Resolution(tuple(linked), frozenset(wanted), frozenset(missing - defined))


def _definers(compiled: Mapping[int, Symbols]) -> dict[str, int]:
    """The first candidate that defines each symbol."""
    found: dict[str, int] = {}
    for number in sorted(compiled):
        for symbol in compiled[number].defined:
            found.setdefault(symbol, number)
    return found


def _first_unknown(sources: Iterable[int], compiled: Mapping[int, Symbols]) -> int | None:
    return next((source for source in sources if source not in compiled), None)
