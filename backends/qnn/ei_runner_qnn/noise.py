"""Inputs that show whether two engines compute the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ei_runner_core import TensorSpec

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["make_negative", "make_noise"]

_SEED = 7


def make_noise(specs: Sequence[TensorSpec]) -> list[npt.NDArray[Any]]:
    """Inputs of the shapes and types of a network, the same each time."""
    generator = np.random.default_rng(_SEED)
    return [_values(generator, spec.shape, np.dtype(spec.dtype)) for spec in specs]


def _values(
    generator: np.random.Generator, shape: tuple[int, ...], kind: np.dtype[Any]
) -> npt.NDArray[Any]:
    """Ordinary numbers; wide integers may be places in a table, so they are 0 or 1."""
    if kind.kind == "f":
        return np.asarray(generator.standard_normal(shape), kind)
    if kind.kind in "iu" and kind.itemsize <= 2:
        limits = np.iinfo(kind)
        return np.asarray(generator.integers(limits.min, limits.max, shape, kind, endpoint=True))
    return np.asarray(generator.integers(0, 2, shape)).astype(kind)


def make_negative(noise: Sequence[npt.NDArray[Any]]) -> list[npt.NDArray[Any]]:
    """What shows zeros in the place of what is outside of a tensor."""
    return [np.asarray(-np.abs(each)) if each.dtype.kind == "f" else each for each in noise]
