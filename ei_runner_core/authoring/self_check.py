"""Comparing what an engine answers with what another one does, for a network just compiled.

Compilers compute some operators wrongly, and say nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from ..contract import TensorSpec

__all__ = ["Difference", "Trial", "make_negative", "make_noise", "make_trials", "worst_difference"]

_SEED = 7
_RANDOM = 0.01  # a share, as that of a Difference; no engine differs as much from itself
_LEAST_SCALE = 1e-3  # where an output is all zeros but for its rounding

Arrays = Sequence["npt.NDArray[Any]"]


class Trial(NamedTuple):
    """Inputs of a network, and what the engine that is trusted answers to them."""

    inputs: Arrays
    expected: Arrays


class Difference(NamedTuple):
    """The worst value of an output; ``share`` is of the largest one that is expected."""

    share: float
    own: float
    expected: float


def make_trials(specs: Sequence[TensorSpec], run: Callable[[Arrays], Arrays]) -> list[Trial]:
    """What an engine answers to noise, and to what is negative in it.

    Args:
        specs: the inputs of the network, with fixed shapes.
        run: the engine that is trusted; what it raises is handed on.

    Returns:
        Two trials; none for a network whose answers are random, since there is nothing to compare.
    """
    noise = make_noise(specs)
    trials = [Trial(inputs, run(inputs)) for inputs in (noise, make_negative(noise))]
    pairs = zip(run(noise), trials[0].expected, strict=True)
    is_random = any(worst_difference(*pair).share > _RANDOM for pair in pairs)
    return [] if is_random else trials


def make_noise(specs: Sequence[TensorSpec]) -> list[npt.NDArray[Any]]:
    """Inputs of the shapes and types of a network, the same each time.

    Floats are normal with a deviation of 1, integers of up to 16 bits take all values; wider ones
    may be places in a table, so they are 0 or 1.
    """
    generator = np.random.default_rng(_SEED)
    return [_values(generator, spec.shape, np.dtype(spec.dtype)) for spec in specs]


def _values(
    generator: np.random.Generator, shape: tuple[int, ...], kind: np.dtype[Any]
) -> npt.NDArray[Any]:
    if kind.kind == "f":
        return np.asarray(generator.standard_normal(shape), kind)
    if kind.kind in "iu" and kind.itemsize <= 2:
        limits = np.iinfo(kind)
        return np.asarray(generator.integers(limits.min, limits.max, shape, kind, endpoint=True))
    return np.asarray(generator.integers(0, 2, shape)).astype(kind)


def make_negative(noise: Arrays) -> list[npt.NDArray[Any]]:
    """What shows zeros in the place of what is outside of a tensor: no float is above 0."""
    return [np.asarray(-np.abs(each)) if each.dtype.kind == "f" else each for each in noise]


def worst_difference(
    own: npt.NDArray[Any], expected: npt.NDArray[Any], least_scale: float = _LEAST_SCALE
) -> Difference:
    """Where an output differs most from what is expected.

    Where no number is expected, nothing is compared; where only the own one is none, or there are
    more or fewer of them, all is wrong: the share is infinite.

    Args:
        own: what the engine answers that is looked at.
        expected: what the one answers that is trusted.
        least_scale: what stands for the largest value where none is as large.
    """
    own, expected = own.astype(np.float64).ravel(), expected.astype(np.float64).ravel()
    if own.size != expected.size:
        return Difference(np.inf, own.size, expected.size)
    counts = np.isfinite(expected)
    own, expected = own[counts], expected[counts]
    if not own.size:
        return Difference(0, 0, 0)
    errors = np.where(np.isfinite(own), np.abs(own - expected), np.inf)
    worst = int(np.argmax(errors))
    scale = max(float(np.abs(expected).max()), least_scale)
    return Difference(float(errors[worst]) / scale, float(own[worst]), float(expected[worst]))
