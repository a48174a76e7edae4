"""Which execution provider runs which part of a network.

ONNX Runtime gives the CPU whatever a provider does not take, and says nothing. A network that was
meant for an accelerator then works, and is slow.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from ei_runner_core import InvalidInputError, UnsupportedModelError

from .failures import reason
from .providers import CPU
from .runtime import load_runtime

__all__ = ["check_placement", "placement_config", "refuses_cpu"]

_RECORD = "session.record_ep_graph_assignment_info"
_NO_CPU = "session.disable_cpu_ep_fallback"
_NO_CPU_MESSAGE = "fallback to CPU EP has been explicitly disabled"
_MOST_NAMED, _LONGEST_NAME = 5, 40
_WAY_OUT = "pass allow_cpu=True to let the CPU run it, or export a network without it"
_LOG = logging.getLogger("ei_runner_onnx")


def placement_config(*, allow_cpu: bool) -> dict[str, str]:
    """What to configure so that :func:`check_placement` works."""
    if _can_tell():
        return {_RECORD: "1"}
    return {} if allow_cpu else {_NO_CPU: "1"}


def refuses_cpu(error: Exception, name: str, providers: Sequence[str]) -> Exception | None:
    """The error for a network that needs the CPU, from a runtime that cannot tell for what."""
    if _NO_CPU_MESSAGE not in reason(error):
        return None
    return UnsupportedModelError(
        f"{', '.join(providers)} does not take all of {name}; ONNX Runtime "
        f"{load_runtime().__version__} cannot tell which nodes are left to the CPU, a newer one "
        f"can; {_WAY_OUT}"
    )


def check_placement(session: Any, name: str, providers: Sequence[str], *, allow_cpu: bool) -> None:
    """Make sure that a network runs where it was meant to.

    Args:
        session: ONNX Runtime's.
        name: the network.
        providers: the full names of the providers that were asked for, without the CPU's.
        allow_cpu: whether the CPU may run a part.

    Raises:
        InvalidInputError: a provider is part of ONNX Runtime and does not work here.
        UnsupportedModelError: the CPU would run a part.
    """
    missing = [provider for provider in providers if provider not in session.get_providers()]
    if missing:
        raise InvalidInputError(
            f"the provider {missing[0]} does not start here: ONNX Runtime leaves it out when its "
            "libraries or its driver are missing; install what its documentation asks for, or "
            "leave it out of the option 'providers'"
        )
    if not providers:
        return
    if not _can_tell():
        _LOG.info("this ONNX Runtime cannot tell which parts of %s the CPU runs", name)
        return
    parts = session.get_provider_graph_assignment_info()
    nodes = [(part.ep_name, node) for part in parts for node in part.get_nodes()]
    elsewhere = [(place, node) for place, node in nodes if place not in providers]
    if elsewhere and not allow_cpu:
        taken = len(nodes) - len(elsewhere)
        hint = "" if taken else "its options may be wrong, or "
        raise UnsupportedModelError(
            f"{', '.join(providers)} takes {taken} of the {len(nodes)} nodes of {name}; "
            f"{_places(elsewhere)} would run {len(elsewhere)}: "
            f"{_shown([node for _, node in elsewhere])}; {hint}{_WAY_OUT}"
        )
    for place in dict.fromkeys(place for place, _ in nodes):
        own = [node for where, node in nodes if where == place]
        _LOG.info(
            "%s runs %d of %d nodes of %s: %s", place, len(own), len(nodes), name, _shown(own)
        )


def _can_tell() -> bool:
    return hasattr(load_runtime().InferenceSession, "get_provider_graph_assignment_info")


def _places(elsewhere: list[tuple[str, Any]]) -> str:
    names = dict.fromkeys(place for place, _ in elsewhere)
    return ", ".join("the CPU" if name == CPU else name for name in names)


def _shown(nodes: Sequence[Any]) -> str:
    more = f" and {len(nodes) - _MOST_NAMED} more" if len(nodes) > _MOST_NAMED else ""
    return ", ".join(map(_node, nodes[:_MOST_NAMED])) + more


def _node(node: Any) -> str:
    name = " ".join(node.name.split())
    if len(name) > _LONGEST_NAME:
        name = f"{name[:_LONGEST_NAME]}..."
    return f"{node.op_type} ({name})" if name else str(node.op_type)
