"""How far TVM's answers may be from those of another engine."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ei_runner_core import Network
from ei_runner_core.authoring import Difference, worst_difference

from .tflite_tensors import is_quantized

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["NEGLIGIBLE", "Limits", "Pair", "find_difference", "limits_for"]

Pair = tuple["npt.NDArray[Any]", "npt.NDArray[Any]"]
"""What TVM answers, and what is expected: of one shape."""

_STEPS = 256  # of 8 bits; an output that uses few of them is not far off by one
_INTEGER_OPERATORS = {"ConvInteger", "DequantizeLinear", "DynamicQuantizeLinear", "MatMulInteger"}


class Limits(NamedTuple):
    """From which share on a network is refused, and from which on there is a warning."""

    refused: float
    warned: float


# Sound networks of floats were seen to differ by 2e-5 at most, quantised ones by a step or a few,
# and deep ones by eight.
_OF_FLOATS, _OF_STEPS = Limits(0.01, 0.001), Limits(0.1, 0.05)
# Places differ where two values are almost the same; of those of few steps, many are.
_OF_PLACES, _OF_PLACES_OF_STEPS = Limits(0.5, 0.1), Limits(np.inf, 0.1)

NEGLIGIBLE = 0.001
"""A share below all limits."""


def find_difference(pairs: Sequence[Pair]) -> Difference:
    """The worst of one output in several runs.

    Wide whole numbers and booleans are places, labels and the like, of which none is nearer than
    another: the share is of those that differ.
    """
    dtype = pairs[0][1].dtype
    if _are_places(dtype):
        return _share_of_others(pairs)
    if dtype.kind == "f":
        return max(worst_difference(*pair) for pair in pairs)
    return max(worst_difference(*pair, least_scale=_STEPS) for pair in pairs)


def limits_for(network: Network, dtype: str) -> Limits:
    """How large a share may be, for outputs of this type of a network."""
    if _are_places(np.dtype(dtype)):
        return _OF_PLACES_OF_STEPS if _has_steps(network) else _OF_PLACES
    return _OF_STEPS if "int" in dtype or _has_steps(network) else _OF_FLOATS


def _are_places(dtype: np.dtype[Any]) -> bool:
    return dtype.kind == "b" or (dtype.kind in "iu" and dtype.itemsize > 1)


def _share_of_others(pairs: Sequence[Pair]) -> Difference:
    own, expected = (
        np.concatenate([array.ravel() for array in runs]) for runs in zip(*pairs, strict=True)
    )
    others = own != expected
    if not others.any():
        return Difference(0, 0, 0)
    first = int(np.argmax(others))
    return Difference(float(others.mean()), float(own[first]), float(expected[first]))


def _has_steps(network: Network) -> bool:
    """Whether any of a network is quantised, whatever comes out."""
    content = network.read()
    if network.format == ".tflite":
        model = import_module("tflite").Model.GetRootAsModel(content, 0)
        graphs = [model.Subgraphs(index) for index in range(model.SubgraphsLength())]
        return any(
            is_quantized(graph.Tensors(index))
            for graph in graphs
            for index in range(graph.TensorsLength())
        )
    nodes = import_module("onnx").load_model_from_string(content).graph.node
    kinds = {node.op_type for node in nodes}
    return bool(kinds & _INTEGER_OPERATORS) or any(kind.startswith("QLinear") for kind in kinds)
