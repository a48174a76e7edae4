"""The network as ``.onnx``, converted from its ``.tflite``."""

# ONNX and tf2onnx bring no types that mypy could use, and only the scripts that train need them.
# mypy: disable-error-code="import-not-found,import-untyped"

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import onnx
import tf2onnx

__all__ = ["to_onnx"]

OPSET = 17


def to_onnx(network: bytes, name: str, input_name: str, output_name: str) -> bytes:
    """The ``.onnx`` that computes what a ``.tflite`` with one input does; int8 becomes QDQ.

    Args:
        network: the ``.tflite``.
        name: the name of the graph.
        input_name: what its input is called.
        output_name: what its output is called.
    """
    with TemporaryDirectory() as folder:
        path = Path(folder) / "network.tflite"
        path.write_bytes(network)
        converted, _ = tf2onnx.convert.from_tflite(str(path), opset=OPSET)
    model = _rebuilt(converted.graph, name, input_name, output_name)
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString(deterministic=True))


def _rebuilt(graph: Any, title: str, input_name: str, output_name: str) -> Any:
    """The same graph in an order and with names that depend on nothing but the graph.

    The converter numbers its nodes anew for each model of a process, and names them after files.
    """
    nodes = list(_sorted_nodes(graph))
    constants = {tensor.name: tensor for tensor in graph.initializer}
    names = {graph.input[0].name: input_name} | _tensor_names(nodes, set(constants))
    names[graph.output[0].name] = output_name
    for node in nodes:
        node.input[:] = [names[name] for name in node.input]
        node.name, node.output[:] = names[node.output[0]], [names[node.output[0]]]
    used = [(name, constants[old]) for old, name in names.items() if old in constants]
    for name, tensor in used:
        tensor.name = name
    graph.input[0].name, graph.output[0].name = input_name, output_name
    tensors = [tensor for _, tensor in used]
    plain = onnx.helper.make_graph(nodes, title, graph.input, graph.output, tensors)
    opset = onnx.helper.make_opsetid("", OPSET)
    ir_version = onnx.helper.find_min_ir_version_for([opset])
    return onnx.helper.make_model(plain, opset_imports=[opset], ir_version=ir_version)


def _sorted_nodes(graph: Any) -> Iterator[Any]:
    """Each node behind those that it needs, which come in the order of its inputs."""
    makers = {node.output[0]: node for node in graph.node}

    def visit(name: str) -> Iterator[Any]:
        node = makers.pop(name, None)
        if node is not None:
            for source in node.input:
                yield from visit(source)
            yield node

    yield from visit(graph.output[0].name)


def _tensor_names(nodes: list[Any], constants: set[str]) -> dict[str, str]:
    """Names such as ``conv_1`` for results, ``conv_1.w`` for a constant that it uses first."""
    numbers: Counter[str] = Counter()
    names: dict[str, str] = {}
    for node in nodes:
        kind = node.op_type.lower()
        numbers[kind] += 1
        name = f"{kind}_{numbers[kind]}"
        roles = onnx.defs.get_schema(node.op_type, OPSET).inputs
        for source, role in zip(node.input, roles, strict=False):
            if source in constants:
                names.setdefault(source, f"{name}.{role.name.lower()}")
        names[node.output[0]] = name
    return names
