"""Checks of the operators in a ``.tflite`` file, as far as kernels trust them blindly."""

from __future__ import annotations

from dataclasses import dataclass

from . import schema
from .flatbuffer import DamageError, Table
from .tensors import Tensor

__all__ = ["Operator", "check_operator", "keeps_state"]

_LARGEST_STEP = 1 << 20

_QUANTIZED_TYPES = (3, 7, 9)
_WIDEST_SUM = 2.0**19
_NARROWEST_SUM = 2.0**100
"""ADD and SUB of quantised values end the process beyond these ratios of their scales."""


@dataclass(frozen=True)
class Operator:
    """What the checks of a graph need to know of an operator.

    ``is_risky``: it computes with quantised values whose scale is next to nothing.
    """

    outputs: tuple[int, ...]
    is_risky: bool


def keeps_state(codes: list[int]) -> bool:
    """Whether a model with these operators keeps something from one run to the next."""
    return schema.VAR_HANDLE in codes or schema.CALL_ONCE in codes


def check_operator(operator: Table, code: int, tensors: list[Tensor]) -> Operator:
    """Read an operator and refuse it if its indices or options cannot be right."""
    inputs, outputs = operator.numbers(1), operator.numbers(2)
    for index in (*inputs, *outputs, *operator.numbers(8)):
        if not -1 <= index < len(tensors):
            raise DamageError(f"operator {code} refers to tensor {index} of {len(tensors)}")
    operator.span(5)
    operator.span(7)
    _check_options(operator, 3, schema.VECTOR_FIELDS)
    _check_options(operator, 11, schema.NEWER_VECTOR_FIELDS)
    _check_values(operator, code, len(outputs))
    involved = [tensors[index] for index in (*inputs, *outputs) if index >= 0]
    is_mover = code in schema.MOVERS
    if not is_mover and any(tensor.is_denormal for tensor in involved):
        raise DamageError(f"operator {code} computes with a scale of next to nothing")
    if code in (schema.ADD, schema.SUB):
        _check_sum(code, involved)
    elif code == schema.CONV_2D:
        _check_channels(involved)
    elif code == schema.QUANTIZE:
        _check_requantization(involved)
    return Operator(
        tuple(index for index in outputs if index >= 0),
        is_risky=not is_mover and any(tensor.is_rangeless for tensor in involved),
    )


def _check_options(
    operator: Table, field: int, vectors: dict[int, tuple[tuple[int, int], ...]]
) -> None:
    kind, options = operator.number(field, "B"), operator.table(field + 1)
    if options is not None:
        for vector, width in vectors.get(kind, ()):
            options.span(vector, width)


def _check_values(operator: Table, code: int, output_count: int) -> None:
    kind, options = operator.number(3, "B"), operator.table(4)
    expected = schema.OPTIONS_OF.get(code)
    if expected is None:
        return
    if kind != expected or options is None:
        raise DamageError(f"operator {code} has options of kind {kind}, expected {expected}")
    if kind in schema.PADDED and options.number(0, "b") not in (0, 1):
        raise DamageError(f"operator {code} has padding of kind {options.number(0, 'b')}")
    for field, default in schema.STEP_FIELDS.get(kind, ()):
        if not 1 <= (value := options.number(field, "i", default)) <= _LARGEST_STEP:
            raise DamageError(f"operator {code} has a stride or size of {value}")
    if code in (schema.SPLIT, schema.SPLIT_V, schema.UNPACK) and options.number(0) != output_count:
        raise DamageError(
            f"operator {code} splits into {options.number(0)}, but has {output_count} outputs"
        )


def _check_sum(code: int, tensors: list[Tensor]) -> None:
    scales = [tensor.scale for tensor in tensors if tensor.type in _QUANTIZED_TYPES]
    if len(scales) < 2 or not any(scales):
        return
    *inputs, output = scales
    if not (0 < max(inputs) <= _WIDEST_SUM * output and output <= _NARROWEST_SUM * min(inputs)):
        raise DamageError(f"operator {code} cannot add up quantised values of the scales {scales}")


def _check_channels(tensors: list[Tensor]) -> None:
    """Of a convolution, whose tensors are the input, the filter, and others.

    The filter sees so many channels at once; if these are not all, it works in groups.
    """
    shapes = [tensor.shape for tensor in tensors[:2] if len(tensor.shape) == 4]
    if len(shapes) < 2:
        return
    channels, (filters, _, _, seen) = shapes[0][3], shapes[1]
    if channels < 0 or min(shapes[1]) < 0:
        return
    if not (channels and seen) or channels % seen or filters % (channels // seen):
        raise DamageError(f"the channels of a convolution do not match: {shapes}")


def _check_requantization(tensors: list[Tensor]) -> None:
    """Of QUANTIZE where its input is quantised already: value by value, from scale to scale."""
    if any(tensor.type not in _QUANTIZED_TYPES for tensor in tensors):
        return
    if any(tensor.is_rangeless for tensor in tensors):
        raise DamageError("a change of scale starts from or leads to a scale of nothing")
    if len({len(tensor.shape) for tensor in tensors}) > 1:
        raise DamageError("a change of scale also changes the number of dimensions")
