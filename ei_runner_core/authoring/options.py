"""Reading the options of a backend: checked once, before anything is loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from numbers import Real
from typing import Any

from .._plugin_errors import shown
from ..errors import InvalidInputError

__all__ = [
    "read_boolean",
    "read_choice",
    "read_input_shapes",
    "read_options",
    "read_seconds",
    "read_thread_count",
]

OptionReader = Callable[[Any], Any]

_MOST_THREADS = 1024
_LARGEST_DIMENSION = 2**31 - 1
_LONGEST = 7 * 24 * 3600.0  # s


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


def read_thread_count(value: object) -> int:
    """A reader for the option ``num_threads``: a number from 1 to 1024."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _MOST_THREADS:
        raise ValueError(f"a number from 1 to {_MOST_THREADS}")
    return value


def read_boolean(value: object) -> bool:
    """A reader for true or false, and nothing that only counts as such."""
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def read_choice(*words: str) -> OptionReader:
    """A reader for an option that takes one of these words."""

    def read(value: object) -> str:
        if not isinstance(value, str) or value not in words:
            raise ValueError(" or ".join(map(repr, words)))
        return value

    return read


def read_seconds(value: object) -> float:
    """A reader for a time: seconds above 0, and at most a week."""
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    if not is_number or not 0 < value <= _LONGEST:  # type: ignore[operator]
        raise ValueError("a number of seconds above 0 and at most a week")
    return float(value)  # type: ignore[arg-type]


def read_input_shapes(value: object) -> dict[str, tuple[int, ...]]:
    """A reader for the option ``input_shapes``: the shapes of inputs by name, fixed at opening."""
    if not isinstance(value, Mapping):
        raise ValueError("a mapping from names of inputs to shapes")
    return {str(name): _shape(shape) for name, shape in value.items()}


def _shape(value: object) -> tuple[int, ...]:
    if isinstance(value, Sequence) and not isinstance(value, str) and all(map(_is_size, value)):
        return tuple(value)
    raise ValueError("shapes such as [1, 96, 96, 3]")


def _is_size(value: object) -> bool:
    return type(value) is int and 1 <= value <= _LARGEST_DIMENSION


def _read(backend: str, name: str, value: Any, reader: OptionReader) -> Any:
    try:
        return reader(value)
    except InvalidInputError:
        raise
    except ValueError as error:
        raise InvalidInputError(
            f"the option {name!r} of {backend} is {shown(value)}, expected {error}"
        ) from None
