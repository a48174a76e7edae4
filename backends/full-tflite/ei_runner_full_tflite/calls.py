"""Checks of graphs that are run by operators of other graphs."""

from __future__ import annotations

from collections.abc import Sequence

from .flatbuffer import DamageError, Table

__all__ = ["called_graphs", "check_calls"]

_CALLERS = {
    118: (3, 92, (0, 1)),  # IF
    119: (3, 93, (0, 1)),  # WHILE
    129: (3, 103, (0,)),  # CALL_ONCE
    206: (11, 21, (1,)),  # STABLEHLO_COMPOSITE
}
"""The union that the options are in, their kind, and the fields that name graphs."""

_DEEPEST = 100


def called_graphs(operator: Table, code: int) -> tuple[int, ...]:
    """The graphs that an operator runs; without options a runtime takes the first for them."""
    if code not in _CALLERS:
        return ()
    union, kind, fields = _CALLERS[code]
    options = operator.table(union + 1) if operator.number(union, "B") == kind else None
    return tuple(options.number(field) if options else 0 for field in fields)


def check_calls(calls: Sequence[set[int]]) -> None:
    """Refuse graphs that run themselves, by whatever detour: a stack holds only so many.

    Args:
        calls: the graphs that each graph runs.
    """
    if not any(calls):
        return
    left = dict(enumerate(calls))
    for graph in {graph for called in calls for graph in called}:
        if graph not in left:
            raise DamageError(f"it refers to graph {graph} of {len(calls)}")
    for _ in range(_DEEPEST):
        left = {
            graph: called & left.keys() for graph, called in left.items() if called & left.keys()
        }
    if left:
        raise DamageError("its graphs run each other without end")
