"""Refusing tensors that end the process, or fill its memory, when QNN compiles a network."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ei_runner_core import UnsupportedModelError
from ei_runner_onnx.failures import shortened

from .inferred_shapes import infer_shapes, known_tensors, sizes

if TYPE_CHECKING:
    from onnx import GraphProto

__all__ = ["check_sizes"]

_MOST_VALUES = 2**26


def check_sizes(name: str, content: bytes, fixed: Mapping[str, tuple[int, ...]]) -> None:
    """See that each tensor has values, and not too many of them.

    Args:
        name: the network.
        content: its file.
        fixed: the shapes of inputs that are given, by name.

    Raises:
        UnsupportedModelError: one has none, or more than QNN can be trusted with.
    """
    graph = infer_shapes(content, fixed).graph
    computed = _computed(graph)
    for tensor, value in known_tensors(graph).items():
        known = sizes(value)
        count = math.prod(known)
        if count > _MOST_VALUES or (tensor in computed and 0 in known):
            raise UnsupportedModelError(
                f"the tensor {shortened(repr(tensor))} in {name} has {count} values (its shape is "
                f"{shortened(str(known))}), and QNN takes from 1 to {_MOST_VALUES}; export the "
                "network with other sizes"
            )


def _computed(graph: GraphProto) -> set[str]:
    """What QNN computes: what hangs on no value of an input, ONNX Runtime computes before.

    There, nothing is a valid value, such as the region of interest of a Resize.
    """
    names = {value.name for value in graph.input}
    names -= {tensor.name for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type != "Shape" and not names.isdisjoint(node.input):
            names.update(node.output)
    return names
