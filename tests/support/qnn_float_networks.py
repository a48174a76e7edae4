"""Small float networks to quantise, made where they are needed; they need ``onnx``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

__all__ = ["conv_network", "dense_network", "network_of", "save", "weights"]

OPSET = 17


def weights(name: str, *shape: int, dtype: Any = np.float32) -> onnx.TensorProto:
    """Some numbers, always the same for a name."""
    generator = np.random.default_rng(sum(name.encode()))
    return numpy_helper.from_array(generator.normal(size=shape).astype(dtype), name)


def network_of(
    nodes: Sequence[onnx.NodeProto],
    inputs: dict[str, Sequence[Any]],
    outputs: dict[str, Sequence[Any]],
    initializers: Sequence[onnx.TensorProto] = (),
    *,
    opset: int = OPSET,
    kind: int = TensorProto.FLOAT,
    output_kind: int | None = None,
) -> onnx.ModelProto:
    """A network with inputs and outputs of these shapes; a shape may have names of dimensions."""
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info(name, kind, shape) for name, shape in inputs.items()],
        [
            helper.make_tensor_value_info(name, output_kind or kind, shape)
            for name, shape in outputs.items()
        ],
        list(initializers),
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    model.ir_version = 8
    return model


def dense_network(batch: Any = 1) -> onnx.ModelProto:
    """Eight numbers into four."""
    nodes = [
        helper.make_node("Gemm", ["x", "w", "b"], ["g"]),
        helper.make_node("Relu", ["g"], ["y"]),
    ]
    return network_of(
        nodes, {"x": [batch, 8]}, {"y": [batch, 4]}, [weights("w", 8, 4), weights("b", 4)]
    )


def conv_network(opset: int = OPSET) -> onnx.ModelProto:
    """A picture of 8x8 pixels in RGB, channels first, into four scores."""
    nodes = [
        helper.make_node("Conv", ["x", "w", "b"], ["c"], kernel_shape=[3, 3]),
        helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("GlobalAveragePool", ["r"], ["p"]),
        helper.make_node("Flatten", ["p"], ["f"]),
        helper.make_node("Softmax", ["f"], ["y"], axis=1),
    ]
    parameters = [weights("w", 4, 3, 3, 3), weights("b", 4)]
    return network_of(nodes, {"x": [1, 3, 8, 8]}, {"y": [1, 4]}, parameters, opset=opset)


def save(model: onnx.ModelProto, path: Path) -> Path:
    """Write a network and tell where."""
    onnx.save(model, path)
    return path
