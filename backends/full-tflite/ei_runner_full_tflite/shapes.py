"""Checks of how the shapes of an operator's tensors fit together, where these are fixed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import zip_longest

from .flatbuffer import DamageError
from .tensors import Tensor

__all__ = ["check_channels", "check_elementwise", "check_rows", "is_static"]


def is_static(tensor: Tensor) -> bool:
    """Whether the shape is known: an empty one can also stand for one that is not."""
    return -1 not in tensor.shape and (bool(tensor.shape) or tensor.is_constant)


def check_channels(tensors: Sequence[Tensor]) -> None:
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


def check_rows(tensors: Sequence[Tensor]) -> None:
    """Of FULLY_CONNECTED, whose input is cut into rows as long as those of the weights."""
    source, weights = tensors[:2]
    if len(weights.shape) != 2 or not (is_static(source) and is_static(weights)):
        return
    width = weights.shape[1]
    if width and math.prod(source.shape) % width:
        raise DamageError(f"an input of shape {source.shape} does not fit weights for {width}")


def check_elementwise(code: int, tensors: Sequence[Tensor]) -> None:
    """Of operators that compute each value of the output, the last tensor, from one of each input.

    Dimensions are counted from the end; one of size 1 fits any.
    """
    if not all(map(is_static, tensors)):
        return
    *inputs, output = (tensor.shape[::-1] for tensor in tensors)
    for *sizes, result in zip_longest(*inputs, output, fillvalue=1):
        wide = {size for size in sizes if size != 1} or {1}
        if wide != {result}:
            raise DamageError(f"operator {code} makes the shape {output[::-1]} of others")
