"""Networks of one node each, cut out of a network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from .inferred_shapes import known_tensors

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto, ValueInfoProto

__all__ = ["alone", "kinds"]

_BORDERS = ("QuantizeLinear", "DequantizeLinear")
_SOURCES = ("Constant", "DequantizeLinear")


def kinds(model: ModelProto) -> list[list[NodeProto]]:
    """The nodes that compute, those together that differ in the names of tensors only."""
    known = known_tensors(model.graph)
    found: dict[tuple[object, ...], list[NodeProto]] = {}
    for node in model.graph.node:
        if node.op_type not in (*_BORDERS, "Constant"):
            found.setdefault(_kind(node, known), []).append(node)
    return list(found.values())


def alone(model: ModelProto, node: NodeProto) -> ModelProto:
    """A network of one node, with what quantises it and the constants that it takes."""
    from onnx import helper

    nodes = [*_before(model.graph, node), node, *_after(model.graph, node)]
    known = known_tensors(model.graph)
    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    taken = dict.fromkeys(name for each in nodes for name in _taken(each))
    made = [name for each in nodes for name in each.output if name]
    graph = helper.make_graph(
        nodes,
        "alone",
        [known[name] for name in taken if name in known.keys() - {*made, *constants}],
        [_output(name, known) for name in made if name not in taken] or [_output(made[-1], known)],
        [constants[name] for name in taken if name in constants],
    )
    return helper.make_model(
        graph,
        opset_imports=model.opset_import,
        ir_version=model.ir_version,
        functions=model.functions,
    )


def _kind(node: NodeProto, known: Mapping[str, ValueInfoProto]) -> tuple[object, ...]:
    attributes = tuple(sorted(each.SerializeToString() for each in node.attribute))
    types = (known[name].type.tensor_type if name in known else None for name in node.input)
    tensors = tuple((tensor.elem_type, len(tensor.shape.dim)) if tensor else 0 for tensor in types)
    return (node.domain, node.op_type, attributes, tensors)


def _before(graph: GraphProto, node: NodeProto) -> list[NodeProto]:
    """The constants that a node takes, and what turns its inputs into real values."""
    makers = [
        each
        for each in graph.node
        if each.op_type in _SOURCES and not set(_taken(node)).isdisjoint(each.output)
    ]
    return [earlier for maker in makers for earlier in (*_before(graph, maker), maker)]


def _after(graph: GraphProto, node: NodeProto) -> Iterator[NodeProto]:
    """What quantises what a node gives, with its constants."""
    for each in graph.node:
        if each.op_type == "QuantizeLinear" and each.input[0] in node.output:
            yield from _before(graph, each)
            yield each


def _taken(node: NodeProto) -> Iterator[str]:
    """The names of tensors that a node reads, also in graphs within it."""
    yield from filter(None, node.input)
    for attribute in node.attribute:
        for each in attribute.g.node:
            yield from _taken(each)


def _output(name: str, known: Mapping[str, ValueInfoProto]) -> ValueInfoProto:
    from onnx import ValueInfoProto

    return known.get(name) or ValueInfoProto(name=name)
