"""Checks of resource variables: kernels copy their values without comparing sizes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from . import schema
from .flatbuffer import DamageError
from .operators import Operator
from .shapes import check_elementwise, is_static
from .tensors import Tensor

__all__ = ["check_variables"]

Uses = dict[tuple[str, str], list[Tensor]]


def check_variables(graphs: Iterable[tuple[Sequence[Tensor], Sequence[Operator]]]) -> None:
    """Refuse variables whose values and readings differ in type or shape.

    All graphs share the variables, each has its own handles of them. What a handle that comes in
    from elsewhere belongs to is not known here.
    """
    values: Uses = defaultdict(list)
    readings: Uses = defaultdict(list)
    for tensors, operators in graphs:
        _collect(tensors, operators, values, readings)
        for operator in operators:
            if operator.code in schema.ELEMENTWISE:
                check_elementwise(operator.code, [tensors[i] for i in operator.operands])
    for variable, read in readings.items():
        _check_agreement(variable[1], values[variable], read)


def _collect(
    tensors: Sequence[Tensor], operators: Sequence[Operator], values: Uses, readings: Uses
) -> None:
    handles = {op.outputs[0]: op.variable for op in operators if op.variable}
    for operator in operators:
        variable = handles.get(operator.inputs[0]) if operator.inputs else None
        if variable and operator.code == schema.ASSIGN_VARIABLE:
            values[variable].append(tensors[operator.inputs[1]])
        elif variable and operator.code == schema.READ_VARIABLE:
            readings[variable].append(tensors[operator.outputs[0]])


def _check_agreement(name: str, values: list[Tensor], readings: list[Tensor]) -> None:
    if len({tensor.type for tensor in (*values, *readings)}) > 1:
        raise DamageError(f"the variable {name!r} has more than one type")
    read = {tensor.shape for tensor in readings if is_static(tensor)}
    written = {tensor.shape for tensor in values if is_static(tensor)}
    if read and len(shapes := read | written) > 1:
        raise DamageError(f"the variable {name!r} has more than one shape: {sorted(shapes)}")
