"""TVM's converter of TensorFlow Lite's operators, mended where it gives up or errs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from .messages import reason
from .networks import import_errors

__all__ = ["OperatorError", "converter_class", "mended_converter"]

Convert = Callable[..., Any]
Mend = Callable[[Any, Convert], Convert]

_FLOAT32 = 0  # TensorFlow Lite's number of the type
_DENSE, _TRANSPOSED = "FULLY_CONNECTED", "TRANSPOSE_CONV"
_PLACES = ("ARG_MAX", "ARG_MIN")
_THROUGH_FLOATS = {
    "BATCH_MATMUL", "BATCH_TO_SPACE_ND", "BROADCAST_TO", "DEPTH_TO_SPACE",
    "ELU", "EXPAND_DIMS", "GATHER", "GATHER_ND", "GELU", "L2_NORMALIZATION", "MIRROR_PAD", "PACK",
    "PAD", "PRELU", "RESIZE_NEAREST_NEIGHBOR", "REVERSE_V2", "SELECT", "SELECT_V2", "SLICE",
    "SPACE_TO_BATCH_ND", "SPACE_TO_DEPTH", "SPLIT", "SPLIT_V", "SQUEEZE", "STRIDED_SLICE", "TILE",
    "TRANSPOSE", "UNPACK",
}  # fmt: skip
"""What TVM converts of floats but not of quantised numbers: it gets floats, and makes them."""


class OperatorError(RuntimeError):
    """TVM does not convert an operator, which the message names."""


def converter_class() -> Any:
    """TVM's own one."""
    return import_module("tvm.relax.frontend.tflite.tflite_frontend").OperatorConverter


def mended_converter(*arguments: Any, **options: Any) -> Any:
    """TVM's converter of operators; it names the one that it could not convert."""
    converter = converter_class()(*arguments, **options)
    converter._SUPPORTED_QUANTIZED_OPS |= {*_THROUGH_FLOATS, *_PLACES}  # noqa: SLF001 - nothing public
    mends: dict[str, Mend] = dict.fromkeys(_THROUGH_FLOATS, _through_floats)
    mends |= {_DENSE: _of_rows, _TRANSPOSED: _activated}
    mends |= dict.fromkeys(_PLACES, _as_declared)
    for name, convert in converter.convert_map.items():
        mended = mends[name](converter, convert) if name in mends else convert
        converter.convert_map[name] = _naming(name, mended)
    return converter


def _naming(name: str, convert: Convert) -> Convert:
    def converted(op: Any) -> Any:
        try:
            return convert(op=op)
        except import_errors() as error:
            raise OperatorError(f"{name} ({reason(error)})") from error

    return converted


def _of_rows(converter: Any, convert: Convert) -> Convert:
    """A dense layer takes its input as rows of as many numbers as it has weights for."""

    def converted(op: Any) -> Any:
        options = _options(op, "FullyConnectedOptions")
        source, weights = converter.get_input_tensors(op)[:2]
        if options.KeepNumDims() or source.tensor.ShapeLength() == 2:
            return convert(op=op)
        rows = import_module("tvm.relax").op.reshape(
            converter.get_tensor_expr(source), [-1, int(weights.tensor.Shape(1))]
        )
        with _standing_for(converter, {source: rows}):
            return convert(op=op)

    return converted


def _activated(converter: Any, convert: Convert) -> Convert:
    """A transposed convolution with its activation, which TVM forgets."""

    def converted(op: Any) -> Any:
        activation = _options(op, "TransposeConvOptions").FusedActivationFunction()
        (output,) = converter.get_output_tensors(op)
        result = convert(op=op)
        if not output.qnn_params:
            return converter.convert_fused_activation_function(result, activation)
        scale, zero_point = (
            output.qnn_params[name].value.numpy().item() for name in ("scale", "zero_point")
        )
        return converter.convert_qnn_fused_activation_function(
            expr=result,
            fused_activation_fn=activation,
            scale=scale,
            zero_point=zero_point,
            dtype=converter.get_tensor_type_str(output.tensor.Type()),
        )

    return converted


def _as_declared(converter: Any, convert: Convert) -> Convert:
    """Places as numbers of the type that the file says, which TVM takes for its own one."""
    through_floats = _through_floats(converter, convert)

    def converted(op: Any) -> Any:
        (output,) = converter.get_output_tensors(op)
        dtype = converter.get_tensor_type_str(output.tensor.Type())
        return import_module("tvm.relax").op.astype(through_floats(op=op), dtype)

    return converted


def _options(op: Any, kind: str) -> Any:
    options = getattr(import_module("tflite"), kind)()
    options.Init(op.BuiltinOptions().Bytes, op.BuiltinOptions().Pos)
    return options


def _through_floats(converter: Any, convert: Convert) -> Convert:
    def converted(op: Any) -> Any:
        inputs, outputs = converter.get_input_tensors(op), converter.get_output_tensors(op)
        quantized = [tensor for tensor in inputs if tensor.qnn_params]
        if not quantized:
            return convert(op=op)
        floats = {
            tensor: converter.dequantize(converter.get_tensor_expr(tensor), tensor)
            for tensor in quantized
        }
        with _standing_for(converter, floats), _without_scales(converter):
            result = converter.bb.normalize(convert(op=op))
        made = [_quantized(converter, *each) for each in _pairs(result, outputs)]
        return made[0] if len(made) == 1 else import_module("tvm.relax").Tuple(made)

    return converted


def _pairs(result: Any, outputs: list[Any]) -> Iterator[tuple[Any, Any]]:
    if len(outputs) == 1:
        yield result, outputs[0]
        return
    for index, output in enumerate(outputs):
        yield result[index], output


def _quantized(converter: Any, result: Any, output: Any) -> Any:
    return converter.quantize(result, output) if output.qnn_params else result


@contextmanager
def _standing_for(converter: Any, expressions: dict[Any, Any]) -> Iterator[None]:
    """For now, let expressions be the values of tensors."""
    table = converter.exp_tab.exprs
    before = dict(table)
    name_of = import_module("tvm.relax.frontend.tflite.tflite_frontend").get_tensor_name
    for tensor, expression in expressions.items():
        table[name_of(converter.subgraph, tensor.tensor_idx)] = converter.bb.normalize(expression)
    try:
        yield
    finally:
        made = {name: value for name, value in table.items() if name not in before}
        for tensor in expressions:
            made.pop(name_of(converter.subgraph, tensor.tensor_idx), None)
        table.clear()
        table.update(before | made)


@contextmanager
def _without_scales(converter: Any) -> Iterator[None]:
    """For now, let all quantised tensors look like those of floats."""
    original = converter.get_tensors

    def get_tensors(indices: Any) -> Any:
        tensors = original(indices)
        for tensor in tensors:
            if tensor.qnn_params:
                tensor.qnn_params, tensor.tensor = None, _FloatTensor(tensor.tensor)
        return tensors

    converter.get_tensors = get_tensors
    try:
        yield
    finally:
        del converter.get_tensors


class _FloatTensor:
    """What the file says of a tensor, except that it holds floats."""

    def __init__(self, tensor: Any) -> None:
        self._tensor = tensor

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tensor, name)

    def Type(self) -> int:  # noqa: N802 - it stands for one of TensorFlow Lite
        return _FLOAT32
