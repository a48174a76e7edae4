"""TensorFlow Lite networks: checked, and handed to TVM."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

from ei_runner_core import ModelFormatError, UnsupportedModelError

from .input_shapes import fixed_shapes
from .messages import counted, reason, shortened
from .networks import ROLES, Imported, end_builder, import_errors, shaped_specs
from .tflite_converter import OperatorError, converter_class, mended_converter
from .tflite_damage import check_sizes, is_damage, reading
from .tflite_tensors import is_quantized, named_tensors, tensor_spec

__all__ = ["import_tflite"]

_MAGIC = b"TFL3"
_SHORTEST = 12
_INT16 = 7  # TensorFlow Lite's number of the type
_DETECTION = "TFLite_Detection_PostProcess"  # the one custom operator that TVM knows
_HINT = "export the network without it, or run it with the backend full-tflite"

_OF_SIZES = (
    "its operators SHAPE ask for sizes while it runs: export the network with fixed sizes, such as "
    "a batch of 1"
)


def import_tflite(content: bytes, name: str, asked: Mapping[str, tuple[int, ...]]) -> Imported:
    """TVM's form of a TensorFlow Lite network; arguments and errors as of ``import_onnx``."""
    if len(content) < _SHORTEST or content[4:8] != _MAGIC:
        raise ModelFormatError(
            f"{name} is no TensorFlow Lite network: expected {_MAGIC!r} at byte 4, found "
            f"{content[4:8]!r} ({len(content)} bytes); export it again"
        )
    known = _known_operators()
    with reading(name, len(content)):
        model = import_module("tflite").Model.GetRootAsModel(content, 0)
        operators = list(_operator_names(model))
        _check_operators(operators, known, name)
        graph = model.Subgraphs(0)
        inputs = named_tensors(graph, graph.InputsAsNumpy())
        outputs = named_tensors(graph, graph.OutputsAsNumpy())
        specs = [tuple(tensor_spec(*item) for item in each.items()) for each in (inputs, outputs)]
        _check_stateless(graph, name)
        _check_widths(graph, name)
        check_sizes(model, graph, name)
        shapes = fixed_shapes({spec.name: spec.shape for spec in specs[0]}, asked, name)
        by_own_name = dict(zip(_own_names(inputs), shapes.values(), strict=True))
        module = _convert(model, name, by_own_name, _OF_SIZES if "SHAPE" in operators else _HINT)
    return Imported(
        module, *(shaped_specs(module, *each) for each in zip(ROLES, specs, strict=True))
    )


def _own_names(tensors: Mapping[str, Any]) -> list[str]:
    """What the file calls them, which need not be unique."""
    return [tensor.Name().decode("utf-8") for tensor in tensors.values()]


def _operator_names(model: Any) -> Iterator[str]:
    """Of all graphs: each operator by the name of its code, or by its own if it is custom."""
    known = vars(import_module("tflite").BuiltinOperator)
    names = {code: name for name, code in known.items() if name.isupper()}
    codes = [model.OperatorCodes(index) for index in range(model.OperatorCodesLength())]
    for graph in (model.Subgraphs(index) for index in range(model.SubgraphsLength())):
        for index in range(graph.OperatorsLength()):
            code = codes[graph.Operators(index).OpcodeIndex()]
            number = max(code.DeprecatedBuiltinCode(), code.BuiltinCode())
            name = names.get(number, f"operator number {number}")
            yield (code.CustomCode() or b"").decode("utf-8") if name == "CUSTOM" else name


def _check_operators(operators: list[str], known: set[str], name: str) -> None:
    missing = [operator for operator in operators if operator not in known]
    if missing:
        raise UnsupportedModelError(
            f"{name} has operators that TVM cannot compile: {counted(missing)}; export it without "
            "them, or run it with the backend full-tflite"
        )


def _known_operators() -> set[str]:
    markers = {"DELEGATE", "PLACEHOLDER_FOR_GREATER_OP_CODES", "DETECTION_POSTPROCESS"}
    return {_DETECTION} | set(converter_class()(None, None, None, None).convert_map) - markers


def _check_stateless(graph: Any, name: str) -> None:
    tensors = (graph.Tensors(index) for index in range(graph.TensorsLength()))
    kept = [tensor.Name().decode("utf-8", "replace") for tensor in tensors if tensor.IsVariable()]
    if kept:
        raise UnsupportedModelError(
            f"{name} keeps {len(kept)} tensors from one run to the next "
            f"({shortened(', '.join(kept), 200)}), which TVM does not; run it with the backend "
            "full-tflite"
        )


def _check_widths(graph: Any, name: str) -> None:
    tensors = (graph.Tensors(index) for index in range(graph.TensorsLength()))
    wide = [each for each in tensors if each.Type() == _INT16 and is_quantized(each)]
    if wide:
        raise UnsupportedModelError(
            f"{name} has {len(wide)} tensors that are quantised to int16, and TVM compiles those "
            "of int8 and uint8; quantise it to int8, or run it with the backend full-tflite"
        )


def _convert(model: Any, name: str, shapes: Mapping[str, tuple[int, ...]], hint: str) -> Any:
    from_tflite = import_module("tvm.relax.frontend.tflite").from_tflite
    try:
        return from_tflite(model, shape_dict=dict(shapes), op_converter=mended_converter)
    except import_errors() as error:
        end_builder(error)
        is_named = isinstance(error, OperatorError)
        cause = (error.__cause__ if is_named else None) or error
        if is_damage(cause):
            raise cause from None
        what = f"the operator {error} of {name}" if is_named else f"{name}: {reason(error)}"
        raise UnsupportedModelError(f"TVM cannot compile {what}; {hint}") from error
