"""Checks of the tensors in a ``.tflite`` file."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .flatbuffer import DamageError, Table

__all__ = ["QUANTIZED_TYPES", "Tensor", "check_tensor"]

QUANTIZED_TYPES = (3, 7, 9)
_ZERO_POINTS = {3: (0, 255), 7: (-(2**15), 2**15 - 1), 9: (-128, 127), 17: (-8, 7)}
_LARGEST_TENSOR = 2**31 - 1
_BYTES = {0: 4, 1: 2, 2: 4, 4: 8, 7: 2, 8: 8, 10: 8, 11: 16, 12: 8, 13: 4, 15: 4, 16: 2, 18: 2}
_ANY_ZERO_POINT = (-(2**31), 2**31 - 1)
_SMALLEST_NORMAL = 2.0**-126
_INDEX_VECTOR_CODES = {1: "i", 2: "H", 3: "B"}
_DETAILS_VECTORS = {1: (0, 1), 2: (3, 4), 3: (3, 4)}


@dataclass(frozen=True)
class Tensor:
    """What the checks of operators need to know of a tensor.

    ``shape`` has -1 for dynamic dimensions; ``memory`` is the bytes that the runtime allocates for
    it at first; ``scale`` is 0 unless it is quantised by one scale, with a ``zero_point``.
    """

    type: int
    shape: tuple[int, ...]
    memory: int
    scale: float
    is_variable: bool
    is_constant: bool
    is_rangeless: bool
    is_denormal: bool
    zero_point: int = 0

    @property
    def is_quantized(self) -> bool:
        """Whether it holds integers that stand for real numbers by one scale."""
        return self.type in QUANTIZED_TYPES and self.scale > 0

    @property
    def is_signed(self) -> bool:
        """Whether some of them stand for numbers below 0."""
        return self.is_quantized and self.zero_point > _ZERO_POINTS[self.type][0]

    @property
    def needs_writer(self) -> bool:
        """Whether it has no value before some operator writes one."""
        return not (self.is_constant or self.is_variable or self.memory == 0)


def check_tensor(table: Table, buffers: list[int]) -> Tensor:
    """Read a tensor and refuse it if it cannot be right.

    Args:
        table: the tensor in the file.
        buffers: the size of each buffer in bytes.
    """
    name, kind, shape = table.text(3), table.number(1, "b"), table.numbers(0)
    buffer = table.number(2, "I")
    if buffer >= len(buffers):
        raise DamageError(f"the tensor {name!r} refers to buffer {buffer} of {len(buffers)}")
    elements = math.prod(shape)
    if any(size < 0 for size in shape) or elements > _LARGEST_TENSOR:
        raise DamageError(f"the tensor {name!r} has the impossible shape {shape}")
    signature = table.numbers(7)
    if any(size < -1 for size in signature):
        raise DamageError(f"the tensor {name!r} has the impossible shape {signature}")
    _check_sparsity(table)
    for variant in table.tables(9):
        variant.numbers(0)
    scales, zero_points = _check_quantization(table, name, kind, shape)
    return Tensor(
        kind,
        signature or shape,
        memory=0 if buffers[buffer] else elements * _BYTES.get(kind, 1),
        scale=scales[0] if len(scales) == 1 else 0.0,
        is_variable=bool(table.number(5, "B")),
        is_constant=buffers[buffer] > 0,
        is_rangeless=any(scale < _SMALLEST_NORMAL for scale in scales),
        is_denormal=any(0 < scale < _SMALLEST_NORMAL for scale in scales),
        zero_point=zero_points[0] if len(zero_points) == 1 else 0,
    )


def _check_quantization(
    table: Table, name: str, kind: int, shape: tuple[int, ...]
) -> tuple[tuple[float, ...], tuple[int, ...]]:
    parameters = table.table(4)
    if parameters is None:
        return (), ()
    parameters.span(0, 4)
    parameters.span(1, 4)
    scales: tuple[float, ...] = parameters.numbers(2, "f")
    zero_points: tuple[int, ...] = parameters.numbers(3, "q")
    axis = parameters.number(6)
    _check_details(parameters)
    if any(not 0 <= scale < math.inf for scale in scales):
        raise DamageError(f"the tensor {name!r} has the impossible scale {scales}")
    low, high = _ZERO_POINTS.get(kind, _ANY_ZERO_POINT)
    if scales and any(not low <= point <= high for point in zero_points):
        raise DamageError(f"the tensor {name!r} has the impossible zero point {zero_points}")
    if len(scales) > 1 and not (0 <= axis < len(shape) and shape[axis] == len(scales)):
        raise DamageError(f"the tensor {name!r} has {len(scales)} scales and the shape {shape}")
    return scales, zero_points


def _check_details(parameters: Table) -> None:
    """Follow the vectors inside the less common kinds of quantisation."""
    kind, details = parameters.number(4, "B"), parameters.table(5)
    if details is not None and kind in _DETAILS_VECTORS:
        field, width = _DETAILS_VECTORS[kind]
        details.span(field, width)


def _check_sparsity(table: Table) -> None:
    sparsity = table.table(6)
    if sparsity is None:
        return
    sparsity.numbers(0)
    sparsity.numbers(1)
    for dimension in sparsity.tables(2):
        for field in (2, 4):
            kind, vector = dimension.number(field, "B"), dimension.table(field + 1)
            if vector is not None and kind in _INDEX_VECTOR_CODES:
                vector.numbers(0, _INDEX_VECTOR_CODES[kind])
