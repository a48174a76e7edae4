"""Finding the operators that QNN says it takes, and cannot compile."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ei_runner_core import Network, UnsupportedModelError
from ei_runner_onnx.attempts import Attempt
from ei_runner_onnx.failures import shortened
from ei_runner_onnx.network_file import NetworkFile
from ei_runner_onnx.options import Options
from ei_runner_onnx.providers import find_providers

from .inferred_shapes import infer_shapes
from .lone_nodes import alone, kinds

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

__all__ = ["cannot_compile", "explain_compilation"]

_CANNOT = "Failed to finalize QNN graph"
_MOST_TRIES, _MOST_SECONDS = 40, 20.0
_MOST_NAMED = 5
_WAY_OUT = "run the network on another backend (allow_cpu=True does not help here)"


def cannot_compile(error: Exception) -> bool:
    """Whether QNN took the operators of a network, and then failed to compile them."""
    return _CANNOT in str(error)


def explain_compilation(
    network: Network, content: bytes, options: Options
) -> UnsupportedModelError:
    """The error for a network that cannot be compiled, with the operators that are to blame.

    Each kind of node is compiled alone, as QNN tells nothing; its own talk of memory misleads.

    Args:
        network: what was opened.
        content: its file.
        options: how it was opened.
    """
    culprits = list(_culprits(_whole(network, content, options), options))
    if not culprits:
        return UnsupportedModelError(
            f"QNN cannot compile {network.name} as a whole, although its provider claims all that "
            f"it was given and no operator was found that fails alone; {_WAY_OUT}"
        )
    operators = ", ".join(dict.fromkeys(node.op_type for node in culprits))
    return UnsupportedModelError(
        f"QNN cannot run {_shown(culprits)} of {network.name}, although its provider claims it "
        f"does; replace {operators}, or {_WAY_OUT}"
    )


def _whole(network: Network, content: bytes, options: Options) -> ModelProto:
    from onnx import external_data_helper

    model = infer_shapes(content, options.input_shapes)
    if network.path is not None:
        folder = Path(network.path).parent
        external_data_helper.load_external_data_for_model(model, str(folder))
    return model


def _culprits(model: ModelProto, options: Options) -> Iterator[NodeProto]:
    end = time.monotonic() + _MOST_SECONDS
    for nodes in kinds(model)[:_MOST_TRIES]:
        if time.monotonic() > end:
            return
        if _fails(alone(model, nodes[0]).SerializeToString(), options):
            yield from nodes


def _fails(content: bytes, options: Options) -> bool:
    providers = find_providers(options.providers)
    network = Network("alone.onnx", ".onnx", content=content)
    failure = Attempt(network, content, NetworkFile(), options, providers).failure()
    return failure is not None and cannot_compile(failure)


def _shown(nodes: Sequence[NodeProto]) -> str:
    more = f" and {len(nodes) - _MOST_NAMED} more" if len(nodes) > _MOST_NAMED else ""
    return ", ".join(map(_node, nodes[:_MOST_NAMED])) + more


def _node(node: NodeProto) -> str:
    name = shortened(" ".join(node.name.split()), 40)
    return f"{node.op_type} ({name})" if name else str(node.op_type)
