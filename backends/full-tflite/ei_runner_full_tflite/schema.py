"""What the checks know of the TensorFlow Lite schema: operators and the fields of their options.

Operators and kinds of options go by their numbers, fields by their places.
"""

from __future__ import annotations

__all__ = [
    "ADD",
    "ASSIGN_VARIABLE",
    "CALL_ONCE",
    "COMPILED_NETWORKS",
    "CONVOLUTIONS",
    "CONV_2D",
    "ELEMENTWISE",
    "FULLY_CONNECTED",
    "MOVERS",
    "NEWER_VECTOR_FIELDS",
    "OPTIONS_OF",
    "PADDED",
    "QUANTIZE",
    "READ_VARIABLE",
    "SPLIT",
    "SPLIT_V",
    "STEP_FIELDS",
    "SUB",
    "UNPACK",
    "UNPACKERS",
    "VAR_HANDLE",
    "VECTOR_FIELDS",
]

ADD, SUB, CONV_2D, FULLY_CONNECTED, QUANTIZE = 0, 41, 3, 9, 114
SPLIT, SPLIT_V, UNPACK = 49, 102, 88
CALL_ONCE, VAR_HANDLE, READ_VARIABLE, ASSIGN_VARIABLE = 129, 142, 143, 144

COMPILED_NETWORKS = frozenset({"ethos-u"})
"""Custom operators that are whole networks, which only a delegate runs."""

CONVOLUTIONS = frozenset({CONV_2D, 67})
"""CONV_2D and TRANSPOSE_CONV: what optimised kernels leave to a library for products of matrices.

So they do with FULLY_CONNECTED, but there the reference kernels do not round as Micro does either.
"""

MOVERS = frozenset({2, 17, 22, 34, 36, 39, 43, 45, 49, 65, 69, 70})
"""Operators that only choose and move values: the scale does not matter to them."""

ELEMENTWISE = frozenset(
    {0, 6, 8, 14, 18, 19, 20, 21, 28, 41, 42, 47, 53, 55, 57, 59, 66, 73, 75, 76, 78, 90, 92, 95}
    | {98, 99, 101, 104, 108, 111, 114, 116, 117, 150}
)
"""Operators that compute each value of the output from one of each input."""

UNPACKERS = frozenset({6, 124})
"""DEQUANTIZE and DENSIFY: XNNPACK takes the shape of weights that they unpack from their output."""

OPTIONS_OF = {
    1: 5,  # AVERAGE_POOL_2D
    CONV_2D: 1,
    4: 2,  # DEPTHWISE_CONV_2D
    5: 94,  # DEPTH_TO_SPACE
    12: 5,  # L2_POOL_2D
    17: 5,  # MAX_POOL_2D
    26: 19,  # SPACE_TO_DEPTH
    45: 32,  # STRIDED_SLICE
    SPLIT: 35,
    67: 49,  # TRANSPOSE_CONV
    UNPACK: 64,
    SPLIT_V: 79,
    132: 106,  # CONV_3D
    141: 106,  # CONV_3D_TRANSPOSE
    VAR_HANDLE: 111,
}
"""The operators that cannot work with the zeros a runtime takes for missing options."""

STEP_FIELDS = {
    1: ((1, 0), (2, 0), (4, 1), (5, 1)),
    2: ((1, 0), (2, 0), (5, 1), (6, 1)),
    5: ((1, 0), (2, 0), (3, 0), (4, 0)),
    19: ((0, 0),),
    49: ((1, 0), (2, 0)),
    94: ((0, 0),),
    106: ((1, 0), (2, 0), (3, 0), (5, 1), (6, 1), (7, 1)),
}
"""Strides, dilations, window and block sizes: (field, default) of each; kernels divide by them."""

PADDED = (1, 2, 5, 49, 106)
"""Options that begin with a kind of padding, SAME or VALID."""

VECTOR_FIELDS = {
    3: ((1, 4), (2, 4)),
    8: ((5, 1),),
    17: ((0, 4),),
    30: ((0, 4),),
    111: ((0, 1), (1, 1)),
    115: ((0, 4),),
}
"""Vectors inside options: (field, bytes of an element) of each."""

NEWER_VECTOR_FIELDS = {
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
