"""Which operators of a network the delegates take over, and which are left to the CPU.

A runtime gives the CPU whatever a delegate does not take, and says nothing. A network that was
meant for an accelerator then works, and is slow.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ei_runner_core import UnsupportedModelError

__all__ = ["log_placement", "refuse_cpu"]

_DELEGATE = "DELEGATE"
_MOST_NAMED = 5
_WAY_OUT = "pass allow_cpu=True to let the CPU run it, or export a network without it"
_LOG = logging.getLogger("ei_runner_full_tflite")

Node = Mapping[str, Any]


@dataclass(frozen=True)
class _Placement:
    """How many operators the main graph has, and those that no delegate takes."""

    total: int
    left: Sequence[Node]

    def __str__(self) -> str:
        shown = ", ".join(
            f"{node['op_name']} ({node['index']})" for node in self.left[:_MOST_NAMED]
        )
        more = len(self.left) - _MOST_NAMED
        return f"{shown} and {more} more" if more > 0 else shown


def refuse_cpu(interpreter: Any, name: str, delegates: Sequence[str]) -> None:
    """Make sure that delegates run the whole main graph, in an interpreter without XNNPACK.

    Args:
        interpreter: the runtime's, allocated.
        name: the network.
        delegates: the names of the delegates.

    Raises:
        UnsupportedModelError: the CPU would run a part, or the runtime cannot tell.
    """
    placement = _placement(interpreter)
    if placement is None:
        raise UnsupportedModelError(
            f"this runtime cannot tell which operators of {name} the delegates take; pass "
            "allow_cpu=True to do without knowing, or install ai-edge-litert"
        )
    if placement.left:
        taken = placement.total - len(placement.left)
        hint = "" if taken else "its options may be wrong, or "
        raise UnsupportedModelError(
            f"{', '.join(delegates)} takes {taken} of the {placement.total} operators of {name}; "
            f"the CPU would run {len(placement.left)}: {placement}; {hint}{_WAY_OUT}"
        )


def log_placement(interpreter: Any, name: str) -> None:
    """Tell in the log how much the delegates take; for an interpreter before its allocation.

    Later XNNPACK, which is a delegate too, has taken what they left.
    """
    if placement := _placement(interpreter):
        taken, left = placement.total - len(placement.left), f"; left: {placement}"
        _LOG.info(
            "delegates take %d of the %d operators of %s%s",
            taken,
            placement.total,
            name,
            left if placement.left else "",
        )


def _placement(interpreter: Any) -> _Placement | None:
    """What is listed is all operators of the network, and behind them those of delegates."""
    if not hasattr(interpreter, "_get_ops_details"):
        return None
    nodes: list[Node] = interpreter._get_ops_details()  # noqa: SLF001 - nothing else tells it
    own = [node for node in nodes if node["op_name"] != _DELEGATE]
    writers = {tensor: node for node in own for tensor in map(int, node["outputs"])}
    taken = set()
    for node in nodes:
        if node["op_name"] == _DELEGATE:
            taken |= _between(node, writers)
    return _Placement(len(own), [node for node in own if node["index"] not in taken])


def _between(delegate: Node, writers: Mapping[int, Node]) -> set[int]:
    """The operators that a delegate stands for: those from its outputs back to its inputs."""
    seen, found = set(map(int, delegate["inputs"])), set()
    tensors = list(map(int, delegate["outputs"]))
    while tensors:
        tensor = tensors.pop()
        if tensor not in seen and (node := writers.get(tensor)):
            found.add(node["index"])
            tensors.extend(map(int, node["inputs"]))
        seen.add(tensor)
    return found
