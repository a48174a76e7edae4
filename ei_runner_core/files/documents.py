"""Windows in JSON: plain lists, ``features``, Edge Impulse's own documents, tensors by name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ..errors import InvalidInputError

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["parse_document", "parse_tensors"]

_PLACES = (("features",), ("classify",), ("payload", "values"))


def parse_document(text: str) -> npt.NDArray[Any]:
    """One window out of a JSON document.

    It is a list of numbers (nested lists keep their shape), or it stands in ``features``, in
    ``classify`` (a request of the EIM protocol) or in ``payload.values`` (the data acquisition
    format).

    Raises:
        InvalidInputError: it is not JSON, or there is no array of numbers at these places.
    """
    return _numbers(_window(_load(text)), "it")


def parse_tensors(text: str) -> npt.NDArray[Any] | dict[str, npt.NDArray[Any]]:
    """Tensors out of a JSON document: a (nested) list, or a mapping from names to such lists.

    Raises:
        InvalidInputError: it is not JSON, or one of them is not an array of numbers.
    """
    document = _load(text)
    if not isinstance(document, dict):
        return _numbers(document, "it")
    return {name: _numbers(values, f"the tensor {name!r}") for name, values in document.items()}


def _load(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidInputError(f"it is not valid JSON: {error}") from error


def _window(document: Any) -> Any:
    if not isinstance(document, dict):
        return document
    for place in _PLACES:
        found: Any = document
        for key in place:
            found = found.get(key) if isinstance(found, dict) else None
        if found is not None:
            return found
    keys = ", ".join(map(repr, list(document)[:6])) or "none"
    raise InvalidInputError(
        f"it is a JSON object with the keys {keys}; expected a list of numbers or one of the keys "
        '"features", "classify" and "payload" (with "values" in it)'
    )


def _numbers(values: Any, what: str) -> npt.NDArray[Any]:
    import numpy as np

    try:
        array = np.asarray(values)
    except (ValueError, OverflowError) as error:
        raise InvalidInputError(
            f"{what} is not an array: nested lists must be equally long at each level"
        ) from error
    if array.dtype.kind not in "iuf" or not array.ndim:
        raise InvalidInputError(
            f"{what} is not an array of numbers ({_type_name(values)}); expected a list such as "
            "[0.1, 0.2, 0.3]"
        )
    return array


def _type_name(values: Any) -> str:
    """What stands where a number should: the first thing inside nested lists that is none."""
    if isinstance(values, list):
        strange = (v for v in values if isinstance(v, (list, bool)) or not _is_number(v))
        return next((_type_name(value) for value in strange), "numbers beyond 64 bits")
    shown = json.dumps(values)
    return f"it holds {shown if len(shown) <= 40 else shown[:40] + '...'}"


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float))
