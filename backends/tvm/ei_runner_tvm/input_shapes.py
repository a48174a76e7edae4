"""The shapes of inputs: compiled code takes one each, so that dynamic ones have to be fixed."""

from __future__ import annotations

from collections.abc import Mapping

from ei_runner_core import InvalidInputError, UnsupportedModelError

from .messages import shortened

__all__ = ["fixed_shapes"]

Shape = tuple[int, ...]


def fixed_shapes(
    declared: Mapping[str, Shape | None], asked: Mapping[str, Shape], name: str
) -> dict[str, Shape]:
    """The shape of every input.

    Args:
        declared: the shapes in the file by name, with -1 for any size; None where it has none.
        asked: the option ``input_shapes``.
        name: what messages call the network.

    Raises:
        InvalidInputError: the option does not suit the network.
        UnsupportedModelError: an input is dynamic, and the option does not fix it; or it is empty.
    """
    for unknown in sorted(asked.keys() - declared.keys()):
        raise InvalidInputError(
            f"the option 'input_shapes' names the input {shortened(repr(unknown), 200)}, {name} "
            f"has {shortened(', '.join(declared), 200)}"
        )
    return {tensor: _fixed(tensor, shape, asked, name) for tensor, shape in declared.items()}


def _fixed(tensor: str, shape: Shape | None, asked: Mapping[str, Shape], name: str) -> Shape:
    shown = shortened(repr(tensor), 200)
    if shape is not None and 0 in shape:
        raise UnsupportedModelError(
            f"the input {shown} of {name} has the shape {shape}, and a size of 0 holds nothing to "
            "run on; export the network with sizes from 1"
        )
    fixed = asked.get(tensor, shape)
    if fixed is None or any(size < 1 for size in fixed):
        declares = f"has the dynamic shape {shape}" if shape is not None else "declares no shape"
        example = "[1, 96, 96, 3]" if shape is None else [max(size, 1) for size in shape]
        raise UnsupportedModelError(
            f"the input {shown} of {name} {declares}, and TVM compiles for fixed sizes; give it "
            f'one with the option input_shapes={{"{shortened(tensor, 200)}": {example}}}, or '
            "export the network with fixed sizes"
        )
    if shape is not None and not _suits(fixed, shape):
        raise InvalidInputError(
            f"the option 'input_shapes' gives the input {shown} the shape {fixed}, expected "
            f"{shape}" + (", where -1 stands for any size" if -1 in shape else "")
        )
    return fixed


def _suits(fixed: Shape, shape: Shape) -> bool:
    return len(fixed) == len(shape) and all(
        wanted in (-1, size) for size, wanted in zip(fixed, shape, strict=True)
    )
