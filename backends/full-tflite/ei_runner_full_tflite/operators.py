"""Checks of the operators in a ``.tflite`` file, as far as kernels trust them blindly."""

from __future__ import annotations

from dataclasses import dataclass

from . import schema
from .calls import called_graphs
from .flatbuffer import DamageError, Table
from .operands import check_operands
from .shapes import check_channels, check_elementwise, check_rows
from .tensors import QUANTIZED_TYPES, Tensor

__all__ = ["Operator", "check_operator", "keeps_state"]

_LARGEST_STEP = 1 << 20

_MOST_MEMORY = 1 << 32
"""More than an operator of a network for a PC works on; beyond it, shapes are surely damaged."""
_MUCH_MEMORY = 1 << 28
_WIDEST_SUM = 2.0**19
_NARROWEST_SUM = 2.0**100
"""ADD and SUB of quantised values end the process beyond these ratios of their scales."""


@dataclass(frozen=True)
class Operator:
    """What the checks of a graph need to know of an operator.

    ``variable``: the container and the name of the resource variable that it is the handle of.
    ``calls``: the graphs that it runs. ``is_risky``: it computes with quantised values whose scale
    is next to nothing.
    """

    code: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    variable: tuple[str, str] | None
    calls: tuple[int, ...]
    is_risky: bool

    @property
    def operands(self) -> tuple[int, ...]:
        """Its tensors, first the inputs, then the outputs."""
        return tuple(index for index in (*self.inputs, *self.outputs) if index >= 0)


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
    check_operands(code, inputs, outputs)
    involved = [tensors[index] for index in (*inputs, *outputs) if index >= 0]
    is_mover = code in schema.MOVERS
    if not is_mover and any(tensor.is_denormal for tensor in involved):
        raise DamageError(f"operator {code} computes with a scale of next to nothing")
    _check_involved(code, involved)
    return Operator(
        code,
        inputs,
        outputs,
        variable=_variable(operator) if code == schema.VAR_HANDLE else None,
        calls=called_graphs(operator, code),
        is_risky=not is_mover and any(tensor.is_rangeless for tensor in involved),
    )


def _check_involved(code: int, tensors: list[Tensor]) -> None:
    if (memory := sum(tensor.memory for tensor in tensors)) > _MOST_MEMORY:
        raise DamageError(f"operator {code} works on {memory} bytes at once")
    if code in schema.UNPACKERS or (memory > _MUCH_MEMORY and code in schema.ELEMENTWISE):
        check_elementwise(code, tensors)
    if code in (schema.ADD, schema.SUB):
        _check_sum(code, tensors)
    elif code == schema.CONV_2D:
        check_channels(tensors)
    elif code == schema.FULLY_CONNECTED:
        check_rows(tensors)
    elif code == schema.QUANTIZE:
        _check_requantization(tensors)


def _variable(operator: Table) -> tuple[str, str] | None:
    options = operator.table(4)
    return (options.text(0), options.text(1)) if options else None


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
    scales = [tensor.scale for tensor in tensors if tensor.type in QUANTIZED_TYPES]
    if len(scales) < 2 or not any(scales):
        return
    *inputs, output = scales
    if not (0 < max(inputs) <= _WIDEST_SUM * output and output <= _NARROWEST_SUM * min(inputs)):
        raise DamageError(f"operator {code} cannot add up quantised values of the scales {scales}")


def _check_requantization(tensors: list[Tensor]) -> None:
    """Of QUANTIZE where its input is quantised already: value by value, from scale to scale."""
    if any(tensor.type not in QUANTIZED_TYPES for tensor in tensors):
        return
    if any(tensor.is_rangeless for tensor in tensors):
        raise DamageError("a change of scale starts from or leads to a scale of nothing")
    if len({len(tensor.shape) for tensor in tensors}) > 1:
        raise DamageError("a change of scale also changes the number of dimensions")
