"""The option ``input_shapes``: fixing the dynamic dimensions of a network."""

from __future__ import annotations

from collections.abc import Mapping

from ei_runner_core import InvalidInputError

from .failures import shortened
from .network_file import Dimension

__all__ = ["fixed_symbols"]

Declared = Mapping[str, tuple[Dimension, ...] | None]


def fixed_symbols(declared: Declared, fixed: Mapping[str, tuple[int, ...]]) -> dict[str, int]:
    """The sizes of the symbols in the declared shapes.

    Args:
        declared: the inputs of the network.
        fixed: the shapes that the user wants.

    Raises:
        InvalidInputError: there is no such input, a shape does not suit it, or two of them
            contradict each other.
    """
    symbols: dict[str, int] = {}
    for name, shape in fixed.items():
        if name not in declared:
            raise InvalidInputError(
                f"the option 'input_shapes' names the input {shortened(repr(name))}, the "
                f"network has {shortened(', '.join(declared))}"
            )
        dimensions = declared[name]
        if dimensions is None:
            continue
        if len(shape) != len(dimensions):
            raise InvalidInputError(_mismatch(name, shape, dimensions, symbols))
        for dimension, size in zip(dimensions, shape, strict=True):
            wanted: Dimension = dimension
            if isinstance(dimension, str):
                wanted = symbols.setdefault(dimension, size)
            if wanted not in (None, size):
                raise InvalidInputError(_mismatch(name, shape, dimensions, symbols))
    return symbols


def _mismatch(
    name: str, shape: tuple[int, ...], dimensions: tuple[Dimension, ...], symbols: dict[str, int]
) -> str:
    shown = ", ".join("any size" if size is None else str(size) for size in dimensions)
    known = [f"{size} = {symbols[size]}" for size in dimensions if size in symbols]
    return (
        f"the option 'input_shapes' gives the input {shortened(repr(name))} the shape "
        f"{shortened(str(shape))}, expected ({shortened(shown)})"
        + (f" with {shortened(', '.join(known))}" if known else "")
    )
