"""What TVM's reader of ONNX takes and gets wrong: it is refused by name instead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any

import numpy as np

from ei_runner_core import UnsupportedModelError

from .messages import shortened
from .onnx_borders import constants_of

__all__ = ["check_limits"]

_POOLS = {"AveragePool", "LpPool", "MaxPool"}
_REGIONS = {"MaxRoiPool": 1, "RoiAlign": 2}  # and the input that begins with numbers of images
_SPATIAL = 2  # the first dimension that TVM resizes
_ROUNDING = 1e-5  # of sizes that are products with 32-bit scales


def check_limits(model: Any, nodes: Iterable[Any], name: str) -> None:
    """Look through the operators that TVM converts in part.

    Args:
        model: the network.
        nodes: its nodes, with those of inner graphs.
        name: what messages call it.

    Raises:
        UnsupportedModelError: one of them is of the other part.
    """
    constants = constants_of(model.graph)
    for node in nodes:
        if node.op_type == "Resize":
            problem = _problem_of_resize(node, constants, model)
        elif node.op_type in _POOLS:
            problem = _problem_of_pool(_attributes(node))
        elif node.op_type in _REGIONS:
            problem = _problem_of_regions(node, constants)
        elif node.op_type == "NonMaxSuppression":
            problem = "makes as many outputs as it finds, and TVM compiles for fixed sizes"
        else:
            continue
        if problem:
            raise UnsupportedModelError(
                f"the operator {node.op_type} {shortened(repr(node.name), 200)} of {name} "
                f"{problem}; export the network without it, or run it with the backend onnx"
            )


def _attributes(node: Any) -> dict[str, Any]:
    value = import_module("onnx.helper").get_attribute_value
    return {attribute.name: value(attribute) for attribute in node.attribute}


def _problem_of_pool(attributes: Mapping[str, Any]) -> str:
    kernel = list(attributes.get("kernel_shape", ()))
    pads = list(attributes.get("pads", ()))
    if any(size < 1 for size in kernel):
        return f"has the kernel {kernel}, expected sizes from 1"
    if any(pad >= size for pad, size in zip(pads, kernel * 2, strict=False)):
        return f"pads by {pads}, expected less than its kernel {kernel}"
    return ""


def _problem_of_regions(node: Any, constants: Mapping[str, Any]) -> str:
    """The image is one of a batch, whose size is not known here; there is always a first one."""
    numbers = _numbers(node, _REGIONS[node.op_type], constants)
    if not numbers.size or numbers.reshape(len(numbers), -1)[:, 0].any():
        return "takes regions of any image of a batch, expected constants that name the first (0)"
    return ""


def _problem_of_resize(node: Any, constants: Mapping[str, Any], model: Any) -> str:
    attributes = _attributes(node)
    if attributes.get("antialias"):
        return "has antialias=1, which TVM ignores"
    if attributes.get("keep_aspect_ratio_policy", b"stretch") != b"stretch":
        return "keeps the aspect ratio (keep_aspect_ratio_policy), which TVM ignores"
    if attributes.get("axes"):
        return "names axes, which TVM ignores"
    scales, sizes = _numbers(node, 2, constants), _numbers(node, 3, constants)
    shape = _shape_of(node.input[0], model) if _needs_shape(scales, sizes) else None
    others = scales[:_SPATIAL] != 1
    if shape is not None and sizes.size:
        others = sizes[:_SPATIAL] != shape[:_SPATIAL]
    if others.any():
        return "resizes the batch or the channels, which TVM ignores"
    if attributes.get("coordinate_transformation_mode") == b"align_corners":
        return ""
    return _problem_of_scales(scales, shape)


def _needs_shape(scales: Any, sizes: Any) -> bool:
    return bool(sizes.size or (scales != np.floor(scales)).any())


def _problem_of_scales(scales: Any, shape: Any) -> str:
    """TVM computes with the sizes behind rounding, ONNX with the scales."""
    if (scales == np.floor(scales)).all():
        return ""
    if shape is None:
        return f"scales by {scales.tolist()} what has no fixed size"
    exact = scales * shape.astype(np.float32)
    if (exact - np.floor(exact) > _ROUNDING * exact).any():
        return f"scales {shape.tolist()} by {scales.tolist()}, which gives no whole sizes"
    return ""


def _numbers(node: Any, index: int, constants: Mapping[str, Any]) -> Any:
    """A constant input; none where it is missing or computed, of which TVM tells."""
    tensor = constants.get(node.input[index]) if len(node.input) > index else None
    return np.zeros(0) if tensor is None else import_module("onnx.numpy_helper").to_array(tensor)


def _shape_of(tensor: str, model: Any) -> Any:
    """The shape of a tensor where it is fixed, else None."""
    graph = import_module("onnx.shape_inference").infer_shapes(model).graph
    for value in (*graph.input, *graph.value_info, *graph.output):
        sizes = [dim.dim_value for dim in value.type.tensor_type.shape.dim]
        if value.name == tensor and sizes and all(size > 0 for size in sizes):
            return np.array(sizes)
    return None
