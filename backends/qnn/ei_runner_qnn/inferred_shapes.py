"""The shapes of all tensors of a network, as far as the onnx package can tell them."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, ValueInfoProto

__all__ = ["infer_shapes", "known_tensors", "sizes"]

_LOG = logging.getLogger("ei_runner_qnn")


def infer_shapes(content: bytes, fixed: Mapping[str, tuple[int, ...]]) -> ModelProto:
    """A network with the shapes of what lies between its nodes; without them if that fails.

    Of a damaged file nothing is left: it is for ONNX Runtime to say so.

    Args:
        content: the file.
        fixed: the shapes of inputs that are given, by name.
    """
    import onnx
    from onnx import shape_inference

    try:
        model = onnx.load_model_from_string(content)
    except import_module("google.protobuf.message").DecodeError:  # which brings no types
        return onnx.ModelProto()
    for value in model.graph.input:
        if value.name in fixed:
            _fix(value, fixed[value.name])
    try:
        return shape_inference.infer_shapes(model, data_prop=True)
    except Exception as error:  # noqa: BLE001 - it only helps: ONNX Runtime judges the network
        _LOG.debug("the shapes of tensors cannot be inferred: %s", error)
        return model


def known_tensors(graph: GraphProto) -> dict[str, ValueInfoProto]:
    """What a graph tells of its tensors, by name."""
    return {value.name: value for value in (*graph.input, *graph.value_info, *graph.output)}


def sizes(value: ValueInfoProto) -> list[int]:
    """The sizes of a tensor that are known."""
    return [size.dim_value for size in value.type.tensor_type.shape.dim if _is_known(size)]


def _is_known(size: object) -> bool:
    return bool(size.HasField("dim_value"))  # type: ignore[attr-defined]


def _fix(value: ValueInfoProto, shape: tuple[int, ...]) -> None:
    from onnx import helper

    kind = value.type.tensor_type.elem_type
    value.CopyFrom(helper.make_tensor_value_info(value.name, kind, shape))
