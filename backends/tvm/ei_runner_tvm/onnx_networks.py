"""ONNX networks: checked, and handed to TVM."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

from ei_runner_core import ModelFormatError, TensorSpec, UnsupportedModelError

from .input_shapes import fixed_shapes
from .messages import counted, reason, shortened
from .networks import ROLES, Imported, end_builder, import_errors, shaped_specs
from .onnx_borders import border_quantization
from .onnx_importer import OWN_OPERATORS, imported_graph
from .onnx_limits import check_limits

__all__ = ["import_onnx"]

_DOMAINS = ("", "ai.onnx", "com.microsoft")
_BUILT_IN = {"Constant", "If"}  # which TVM converts without an entry in its table
_FAILED = re.compile(r"^Error converting operator (\w+)", re.MULTILINE)
_NO_SHAPE = "Field 'shape' of 'type' is required but missing"
_UPGRADE = "pip install -U onnx apache-tvm"
_DTYPES = {
    1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64", 9: "bool",
    10: "float16", 11: "float64", 12: "uint32", 13: "uint64",
}  # fmt: skip


def import_onnx(content: bytes, name: str, asked: Mapping[str, tuple[int, ...]]) -> Imported:
    """TVM's form of an ONNX network.

    Args:
        content: the file.
        name: what messages call it.
        asked: the shapes of dynamic inputs.

    Raises:
        ModelFormatError: it is damaged.
        UnsupportedModelError: TVM lacks something that it needs.
        InvalidInputError: the shapes do not suit it.
    """
    model = _parse(content, name)
    _check_versions(model, name)
    _check_operators(model.graph, name)
    _check_whole(model, name)
    check_limits(model, _nodes(model.graph), name)
    constants = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in constants]
    quantization = border_quantization(model.graph)
    specs = [
        tuple(_spec(role, value, quantization) for value in values)
        for role, values in zip(ROLES, (inputs, model.graph.output), strict=True)
    ]
    shapes = fixed_shapes({value.name: _shape(value) for value in inputs}, asked, name)
    module = _convert(model, name, shapes)
    return Imported(
        module, *(shaped_specs(module, *each) for each in zip(ROLES, specs, strict=True))
    )


def _parse(content: bytes, name: str) -> Any:
    broken = import_module("google.protobuf.message").DecodeError
    try:
        model = import_module("onnx").ModelProto.FromString(content)
    except broken as error:
        raise ModelFormatError(
            f"{name} is no ONNX network, or is damaged ({reason(error)}); export it again"
        ) from error
    if not model.graph.output:
        raise ModelFormatError(
            f"{name} is no ONNX network: it has no graph with an output ({len(content)} bytes); "
            "export it again"
        )
    kinds = (kind for node in _nodes(model.graph) for kind in (node.domain, node.op_type))
    if any(isinstance(kind, bytes) for kind in kinds):  # as protobuf gives what is no text
        raise ModelFormatError(
            f"{name} is damaged, or no valid network: an operator's name is no UTF-8; export it "
            "again"
        )
    return model


def _check_versions(model: Any, name: str) -> None:
    """What is newer may mean something else than what TVM makes of it."""
    onnx = import_module("onnx")
    known = onnx.defs.onnx_opset_version()
    for opset in model.opset_import:
        if opset.domain in ("", "ai.onnx") and opset.version > known:
            raise UnsupportedModelError(
                f"{name} has the opset {opset.version}, and onnx {onnx.__version__} knows those up "
                f"to {known}; upgrade it with: {_UPGRADE}, or export for an older opset"
            )
    if model.ir_version > onnx.IR_VERSION:
        raise UnsupportedModelError(
            f"{name} has the version {model.ir_version} of the format, and onnx {onnx.__version__} "
            f"knows those up to {onnx.IR_VERSION}; upgrade it with: {_UPGRADE}, or export the "
            "network with an older onnx"
        )


def _check_operators(graph: Any, name: str) -> None:
    frontend = import_module("tvm.relax.frontend.onnx.onnx_frontend")
    known = _BUILT_IN | OWN_OPERATORS | set(frontend._get_convert_map())  # noqa: SLF001 - there is no other way
    missing = [
        f"{node.domain}:{node.op_type}" if node.domain not in _DOMAINS else node.op_type
        for node in _nodes(graph)
        if node.op_type not in known or node.domain not in _DOMAINS
    ]
    if missing:
        raise UnsupportedModelError(
            f"{name} has operators that TVM cannot compile: {counted(missing)}; export it without "
            "them, or run it with the backend onnx"
        )


def _nodes(graph: Any) -> Iterator[Any]:
    return (node for each in _graphs(graph) for node in each.node)


def _tensors(graph: Any) -> Iterator[Any]:
    for each in _graphs(graph):
        yield from each.initializer
        for node in each.node:
            yield from (attribute.t for attribute in node.attribute if attribute.HasField("t"))


def _graphs(graph: Any) -> Iterator[Any]:
    """A graph, and the graphs in its nodes."""
    waiting = [graph]
    while waiting:
        yield (each := waiting.pop())
        for attribute in (attribute for node in each.node for attribute in node.attribute):
            waiting += [attribute.g] if attribute.HasField("g") else []
            waiting += attribute.graphs


def _check_whole(model: Any, name: str) -> None:
    onnx = import_module("onnx")
    uses_external_data = import_module("onnx.external_data_helper").uses_external_data
    outside = [tensor.name for tensor in _tensors(model.graph) if uses_external_data(tensor)]
    if outside:
        raise UnsupportedModelError(
            f"{name} keeps {shortened(', '.join(outside), 200)} in other files, expected all in "
            "one; make it so with: onnx.save(onnx.load(path), path)"
        )
    try:
        onnx.checker.check_model(model)
    except (onnx.checker.ValidationError, ValueError, RuntimeError) as error:
        if _NO_SHAPE in str(error):  # which the option may give
            return
        raise ModelFormatError(
            f"{name} is damaged, or no valid network: {reason(error)}; export it again"
        ) from error


def _spec(role: str, value: Any, quantization: Mapping[str, tuple[float, int]]) -> TensorSpec:
    dtype = _DTYPES.get(value.type.tensor_type.elem_type)
    if not value.type.HasField("tensor_type") or dtype is None:
        kind = value.type.WhichOneof("value") or "nothing"
        number = value.type.tensor_type.elem_type
        raise UnsupportedModelError(
            f"the {role} {shortened(repr(value.name), 200)} is a {kind} of the type {number}, "
            "expected a tensor of numbers or booleans that NumPy has; export the network with "
            "another type"
        )
    return TensorSpec(value.name, (), dtype, *quantization.get(value.name, (0.0, 0)))


def _shape(value: Any) -> tuple[int, ...] | None:
    tensor = value.type.tensor_type
    if not tensor.HasField("shape"):
        return None
    return tuple(
        max(dim.dim_value, -1) if dim.HasField("dim_value") else -1 for dim in tensor.shape.dim
    )


def _convert(model: Any, name: str, shapes: Mapping[str, tuple[int, ...]]) -> Any:
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            return imported_graph(model, shapes)
    except import_errors() as error:
        end_builder(error)
        failed = _FAILED.search(printed.getvalue())
        where = f"the operator {failed[1]} of {name}" if failed else name
        raise UnsupportedModelError(
            f"TVM cannot compile {where}: {reason(error)}; export the network without it, or run "
            "it with the backend onnx"
        ) from error
