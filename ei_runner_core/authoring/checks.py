"""Checks of what users hand in, and messages for what engines say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .._plugin_errors import shown
from .._text import one_line as _one_line
from ..errors import InvalidInputError

if TYPE_CHECKING:
    from ..contract import TensorSpec

__all__ = ["OptionReader", "check_inputs", "one_line", "read_options"]

OptionReader = Callable[[Any], Any]


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


def read_options(
    backend: str, options: Mapping[str, Any], readers: Mapping[str, OptionReader]
) -> dict[str, Any]:
    """Check the options that a user passed, before anything is loaded.

    Args:
        backend: the name of the backend, for messages.
        options: values by name; None stands for the default of every option and is left out.
        readers: for each option of the backend a function that takes the value and returns it
            parsed. It raises ``ValueError`` with what it expects, such as ``"a number from 1"``,
            or an ``InvalidInputError`` with the whole message.

    Returns:
        The parsed values of the options that were given.

    Raises:
        InvalidInputError: an option is unknown or has a wrong value.
    """
    unknown = [name for name in options if name not in readers]
    if unknown:
        has = f"it has {', '.join(sorted(readers))}" if readers else "it has none"
        raise InvalidInputError(f"{backend} has no option {unknown[0]!r}; {has}")
    given = {name: value for name, value in options.items() if value is not None}
    return {name: _read(backend, name, value, readers[name]) for name, value in given.items()}


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


def _read(backend: str, name: str, value: Any, reader: OptionReader) -> Any:
    try:
        return reader(value)
    except InvalidInputError:
        raise
    except ValueError as error:
        raise InvalidInputError(
            f"the option {name!r} of {backend} is {shown(value)}, expected {error}"
        ) from None
