"""Checks of the operators in a ``.tflite`` file, as far as kernels trust them blindly.

The numbers are those of the TensorFlow Lite schema: builtin operators, the kinds of their options,
and the fields therein.
"""

from __future__ import annotations

from dataclasses import dataclass

from .flatbuffer import DamageError, Table
from .tensors import Tensor

__all__ = ["Operator", "check_operator", "keeps_state"]

_ADD, _SUB, _CONV_2D = 0, 41, 3
_SPLIT, _SPLIT_V, _UNPACK = 49, 102, 88
_CALL_ONCE, _VAR_HANDLE = 129, 142

_MOVERS = frozenset({2, 17, 22, 34, 36, 39, 43, 45, 49, 65, 69, 70})
"""Operators that only choose and move values: the scale does not matter to them."""

_OPTIONS_OF = {
    1: 5,  # AVERAGE_POOL_2D
    _CONV_2D: 1,
    4: 2,  # DEPTHWISE_CONV_2D
    5: 94,  # DEPTH_TO_SPACE
    12: 5,  # L2_POOL_2D
    17: 5,  # MAX_POOL_2D
    26: 19,  # SPACE_TO_DEPTH
    45: 32,  # STRIDED_SLICE
    _SPLIT: 35,
    67: 49,  # TRANSPOSE_CONV
    _UNPACK: 64,
    _SPLIT_V: 79,
    132: 106,  # CONV_3D
    141: 106,  # CONV_3D_TRANSPOSE
}
"""The operators that cannot work with the zeros a runtime takes for missing options."""

_STEP_FIELDS = {
    1: ((1, 0), (2, 0), (4, 1), (5, 1)),
    2: ((1, 0), (2, 0), (5, 1), (6, 1)),
    5: ((1, 0), (2, 0), (3, 0), (4, 0)),
    19: ((0, 0),),
    49: ((1, 0), (2, 0)),
    94: ((0, 0),),
    106: ((1, 0), (2, 0), (3, 0), (5, 1), (6, 1), (7, 1)),
}
"""Strides, dilations, window and block sizes: (field, default) of each; kernels divide by them."""

_PADDED = (1, 2, 5, 49, 106)
"""Options that begin with a kind of padding, SAME or VALID."""

_VECTOR_FIELDS = {
    3: ((1, 4), (2, 4)),
    8: ((5, 1),),
    17: ((0, 4),),
    30: ((0, 4),),
    111: ((0, 1), (1, 1)),
    115: ((0, 4),),
}
"""Vectors inside options: (field, bytes of an element) of each."""

_NEWER_VECTOR_FIELDS = {
    2: ((0, 8),),
    3: ((0, 8), (1, 8), (2, 8)),
    4: ((0, 8), (1, 8), (2, 8), (3, 8), (4, 1), (7, 8), (10, 8), (13, 8), (16, 4)),
    5: ((0, 1), (2, 1), (4, 4), (5, 1)),
    6: ((0, 8),),
    7: ((1, 8), (2, 8), (3, 8)),
    9: ((0, 8),),
    10: ((0, 8), (1, 8), (2, 8)),
    12: ((0, 8), (1, 8), (2, 8), (3, 8), (4, 4)),
    13: ((0, 8), (1, 8), (2, 8), (3, 8), (4, 8)),
    16: ((0, 8), (1, 8), (2, 8), (4, 8)),
    17: ((0, 8),),
    21: ((0, 1), (2, 1)),
    23: ((0, 4),),
}
"""The same for the second union of options."""

_LARGEST_STEP = 1 << 20

_SUMMED_TYPES = (3, 7, 9)
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
    return _VAR_HANDLE in codes or _CALL_ONCE in codes


def check_operator(operator: Table, code: int, tensors: list[Tensor]) -> Operator:
    """Read an operator and refuse it if its indices or options cannot be right."""
    inputs, outputs = operator.numbers(1), operator.numbers(2)
    for index in (*inputs, *outputs, *operator.numbers(8)):
        if not -1 <= index < len(tensors):
            raise DamageError(f"operator {code} refers to tensor {index} of {len(tensors)}")
    operator.span(5)
    operator.span(7)
    _check_options(operator, 3, _VECTOR_FIELDS)
    _check_options(operator, 11, _NEWER_VECTOR_FIELDS)
    _check_values(operator, code, len(outputs))
    involved = [tensors[index] for index in (*inputs, *outputs) if index >= 0]
    if code in (_ADD, _SUB):
        _check_sum(code, involved)
    elif code == _CONV_2D:
        _check_channels(involved)
    return Operator(
        tuple(index for index in outputs if index >= 0),
        is_risky=code not in _MOVERS and any(tensor.is_rangeless for tensor in involved),
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
    expected = _OPTIONS_OF.get(code)
    if expected is None:
        return
    if kind != expected or options is None:
        raise DamageError(f"operator {code} has options of kind {kind}, expected {expected}")
    if kind in _PADDED and options.number(0, "b") not in (0, 1):
        raise DamageError(f"operator {code} has padding of kind {options.number(0, 'b')}")
    for field, default in _STEP_FIELDS.get(kind, ()):
        if not 1 <= (value := options.number(field, "i", default)) <= _LARGEST_STEP:
            raise DamageError(f"operator {code} has a stride or size of {value}")
    if code in (_SPLIT, _SPLIT_V, _UNPACK) and options.number(0) != output_count:
        raise DamageError(
            f"operator {code} splits into {options.number(0)}, but has {output_count} outputs"
        )


def _check_sum(code: int, tensors: list[Tensor]) -> None:
    scales = [tensor.scale for tensor in tensors if tensor.type in _SUMMED_TYPES]
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
