"""Checks of what a network gets, and messages for what engines say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .._text import one_line as _one_line
from ..errors import InvalidInputError

if TYPE_CHECKING:
    from ..contract import TensorSpec

__all__ = ["check_inputs", "one_line"]


def check_inputs(inputs: Any, specs: Sequence[TensorSpec]) -> None:
    """Refuse what a network does not take, before native code sees it.

    Args:
        inputs: what :meth:`ei_runner_core.TensorSession.run` got.
        specs: the inputs of the network.

    Raises:
        InvalidInputError: their number is wrong, or one is no array or has another dtype or shape;
            a dimension of -1 takes every size above 0.
    """
    import numpy as np

    if not isinstance(inputs, (Sequence, np.ndarray)):
        raise InvalidInputError(f"expected a list of arrays, got {type(inputs).__name__}")
    if len(inputs) != len(specs):
        names = ", ".join(spec.name for spec in specs)
        raise InvalidInputError(
            f"the network takes {len(specs)} inputs ({names}), got {len(inputs)}"
        )
    for array, spec in zip(inputs, specs, strict=True):
        _check_input(array, spec)


def one_line(error: BaseException) -> str:
    """The message of an error without its line breaks; never empty."""
    return _one_line(str(error)) or type(error).__name__


def _check_input(array: Any, spec: TensorSpec) -> None:
    import numpy as np

    if not isinstance(array, (np.ndarray, np.generic)):
        raise InvalidInputError(
            f"the input {spec.name!r} is a {type(array).__name__}, expected a NumPy array"
        )
    if array.dtype != spec.dtype:
        raise InvalidInputError(
            f"the input {spec.name!r} has the dtype {array.dtype}, expected {spec.dtype}"
        )
    if not _suits(array.shape, spec.shape):
        raise InvalidInputError(
            f"the input {spec.name!r} has the shape {array.shape}, expected {spec.shape}"
            + (", where -1 stands for any size" if -1 in spec.shape else "")
        )


def _suits(shape: tuple[int, ...], expected: tuple[int, ...]) -> bool:
    return len(shape) == len(expected) and all(
        size == wanted or (wanted == -1 and size > 0)
        for size, wanted in zip(shape, expected, strict=True)
    )
