"""Matching what a user hands in for a freeform model with the inputs of its network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..contract import TensorSpec
from ..errors import InvalidInputError

__all__ = ["match_inputs"]


def match_inputs(inputs: Any, specs: Sequence[TensorSpec]) -> list[npt.NDArray[Any]]:
    """One contiguous array of the right dtype and shape for each input of a network.

    Args:
        inputs: an array for a network with one input, a sequence of arrays in the order of the
            inputs, or a mapping from their names.
        specs: the inputs of the network.

    Raises:
        InvalidInputError: an input is missing, unknown, or of a wrong shape or dtype.
    """
    values = _by_name(inputs, specs) if isinstance(inputs, Mapping) else _in_order(inputs, specs)
    return [_fit(value, spec) for value, spec in zip(values, specs, strict=True)]


def _by_name(inputs: Mapping[str, Any], specs: Sequence[TensorSpec]) -> list[Any]:
    names = [spec.name for spec in specs]
    wrong = [name for name in inputs if name not in names]
    missing = [name for name in names if name not in inputs]
    if wrong or missing:
        problem = f"unknown: {wrong}" if wrong else f"missing: {missing}"
        raise InvalidInputError(f"the inputs of the network are {names}; {problem}")
    return [inputs[name] for name in names]


def _in_order(inputs: Any, specs: Sequence[TensorSpec]) -> Sequence[Any]:
    if len(specs) == 1:
        alone = isinstance(inputs, (list, tuple)) and len(inputs) == 1
        return inputs if alone and isinstance(inputs[0], np.ndarray) else [inputs]
    if isinstance(inputs, (list, tuple)) and len(inputs) == len(specs):
        return inputs
    given = f"{len(inputs)} values" if isinstance(inputs, (list, tuple)) else "one array"
    raise InvalidInputError(
        f"the network has {len(specs)} inputs {[spec.name for spec in specs]}, got {given}; pass a "
        "list with one array for each or a mapping by name"
    )


def _fit(value: Any, spec: TensorSpec) -> npt.NDArray[Any]:
    dtype = np.dtype(spec.dtype)
    try:
        array = np.asarray(value)
    except (ValueError, TypeError) as error:
        raise InvalidInputError(f"the input {spec.name!r} is not an array: {error}") from error
    if array.dtype != dtype:
        array = _cast(array, dtype, spec, is_array=isinstance(value, np.ndarray))
    return np.require(_shape(array, spec), requirements="C")


def _cast(
    array: npt.NDArray[Any], dtype: np.dtype[Any], spec: TensorSpec, *, is_array: bool
) -> npt.NDArray[Any]:
    """Numbers of the same kind are converted; integers never come from fractions."""
    kind = array.dtype.kind
    allowed = kind in "fiub" and (dtype.kind == "f" or kind == dtype.kind or kind in "iu")
    if allowed and dtype.kind in "iu" and kind in "iu":
        limits = np.iinfo(dtype)
        allowed = not array.size or bool(limits.min <= array.min() and array.max() <= limits.max)
    if not allowed or dtype.kind == "b" != kind:
        quantized = spec.is_quantized and kind == "f"
        hint = (
            f"; quantise first: ei_runner_core.dsp.quantize(values, {spec.scale}, "
            f"{spec.zero_point}, {spec.dtype!r})"
            if quantized
            else f"; convert it: array.astype({spec.dtype!r})"
            if is_array
            else ""
        )
        raise InvalidInputError(
            f"the input {spec.name!r} has the dtype {array.dtype}, expected {spec.dtype}{hint}"
        )
    with np.errstate(over="ignore"):
        converted = array.astype(dtype)
    if dtype.kind == "f" and not np.array_equal(np.isinf(converted), np.isinf(array)):
        raise InvalidInputError(
            f"the input {spec.name!r} has values that {spec.dtype} cannot hold; the largest is "
            f"{np.nanmax(np.abs(array))}"
        )
    return converted


def _shape(array: npt.NDArray[Any], spec: TensorSpec) -> npt.NDArray[Any]:
    """The array in the shape of the input; dimensions of length 1 may be left out or added."""
    if _matches(array.shape, spec.shape):
        return array
    if -1 not in spec.shape:
        wanted = [length for length in spec.shape if length != 1]
        if [length for length in array.shape if length != 1] == wanted:
            return array.reshape(spec.shape)
    elif _matches((1, *array.shape), spec.shape):
        return array[np.newaxis]
    raise InvalidInputError(
        f"the input {spec.name!r} has the shape {array.shape}, expected {spec.shape}"
        + (" (-1: any length)" if -1 in spec.shape else "")
    )


def _matches(shape: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    return len(shape) == len(wanted) and all(
        length == other or other == -1 for length, other in zip(shape, wanted, strict=True)
    )
