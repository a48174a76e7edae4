"""Reading what a client sends."""

from __future__ import annotations

from array import array
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

__all__ = ["Refused", "as_window", "parse_message"]

_LARGEST_ID = 2**31 - 1
_NOT_NUMBERS = "Failed to parse classify array, should contain all numbers"


class Refused(Exception):  # noqa: N818 - what a client gets to hear, no fault of this code
    """A request that is answered with an error."""


def parse_message(message: bytes) -> tuple[int | None, dict[str, Any]]:
    """A message with its id, which is ``None`` where it has none that the protocol knows."""
    try:
        request = orjson.loads(message)
    except orjson.JSONDecodeError:
        return None, {}
    number = request.get("id")
    is_known = type(number) is int and -_LARGEST_ID - 1 <= number <= _LARGEST_ID
    return (number if is_known else None), request


def as_window(values: list[Any], length: int, name: str, message: bytes) -> npt.NDArray[np.float32]:
    """The numbers of a request as float32.

    Args:
        values: what stands under ``name`` in the message.
        length: how many there must be.
        name: the key, for the error.
        message: the whole text; looking for a bool there spares a look at each value.

    Raises:
        Refused: there are more or fewer, or one is no number.
    """
    has_bools = b"true" in message or b"false" in message
    try:
        if has_bools and bool in set(map(type, values)):
            raise Refused(_NOT_NUMBERS)
        window = np.frombuffer(array("f", values), np.float32)
    except TypeError:
        raise Refused(_NOT_NUMBERS) from None
    if window.size != length:
        raise Refused(
            f"Invalid number of features in '{name}', expected {length} but got {window.size}"
        )
    return window
