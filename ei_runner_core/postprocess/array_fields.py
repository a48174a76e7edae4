"""Fields of a config that hold many numbers: vectors and tables."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..fields import Field

__all__ = ["floats", "wholes"]

LARGEST = 2**31 - 1
EXPECTED = {1: "a list", 2: "a list of rows"}


def floats(dimensions: int) -> Field:
    """Finite numbers, read as float32; the default is an empty list."""

    def convert(value: Any) -> npt.NDArray[np.float32]:
        numbers = _numbers(value, dimensions)
        with np.errstate(over="ignore"):
            rounded = numbers.astype(np.float32)
        if not np.isfinite(rounded).all():
            raise ValueError
        return rounded

    default = np.empty((0,) * dimensions, np.float32)
    return Field(default, f"{EXPECTED[dimensions]} of finite numbers", convert)


def wholes(dimensions: int, least: int = -LARGEST) -> Field:
    """Whole numbers of 32 bits that are not below ``least``; the default is an empty list."""

    def convert(value: Any) -> npt.NDArray[np.intp]:
        numbers = _numbers(value, dimensions)
        if not ((numbers >= least) & (numbers <= LARGEST) & (numbers % 1 == 0)).all():
            raise ValueError
        return numbers.astype(np.intp)

    default = np.empty((0,) * dimensions, np.intp)
    bound = "" if least == -LARGEST else f" of at least {least}"
    return Field(default, f"{EXPECTED[dimensions]} of whole numbers{bound}", convert)


def _numbers(value: Any, dimensions: int) -> npt.NDArray[Any]:
    numbers = np.asarray(value)
    if numbers.shape == (0,):
        return numbers.reshape((0,) * dimensions)
    if numbers.dtype.kind not in "iuf" or numbers.ndim != dimensions:
        raise ValueError
    if not np.isfinite(numbers).all():
        raise ValueError
    return numbers
