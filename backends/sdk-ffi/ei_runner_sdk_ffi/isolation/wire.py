"""The form of messages: MessagePack after its length, with arrays and errors in it.

A request is a list of a method's name and its arguments, an answer a mapping with the fields of
:class:`ei_runner_sdk_ffi.isolation.answers.Answer`.
"""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np

from ei_runner_core import EdgeImpulseError, InferenceError, errors
from ei_runner_core.authoring import one_line

__all__ = ["HEADER_SIZE", "array_of", "body_size", "error_of", "framed", "parts_of", "read_request"]

HEADER_SIZE = 4
_ARRAY = 1  # the number of our extension type

_Array = tuple[str, tuple[int, ...], bytearray]


def framed(message: object) -> bytes:
    """A message as it is sent.

    Raises:
        TypeError: there is something in it that cannot be sent, such as an array of objects.
    """
    body = _encoder.encode(message)
    return len(body).to_bytes(HEADER_SIZE, "big") + body


def body_size(header: bytes | bytearray) -> int:
    """The number of bytes that follow a header."""
    return int.from_bytes(header[:HEADER_SIZE], "big")


def read_request(body: bytes) -> tuple[str, list[Any]]:
    """The name of a method, and its arguments."""
    name, *arguments = _requests.decode(body)
    return name, arguments


def array_of(code: int, data: memoryview) -> Any:
    """An array that came in a message, as a decoder asks for it; it belongs to who asks."""
    if code != _ARRAY:
        raise ValueError(f"messages have no extension type {code}")
    dtype, shape, content = _arrays.decode(data)
    return np.ndarray(shape, dtype, content)


def parts_of(error: Exception, doing: str) -> tuple[str, str]:
    """An error as it is sent: the name of its leaf, and its message in one line.

    Args:
        error: whatever was raised; what is no error of the library becomes an InferenceError.
        doing: a clause for the message of such a one, such as "the inference failed".
    """
    text = one_line(error).encode(errors="backslashreplace").decode()
    for kind in type(error).__mro__:
        if kind.__name__ in errors.__all__ and kind is not EdgeImpulseError:
            return kind.__name__, text
    return InferenceError.__name__, f"{doing}: {type(error).__name__}: {text}"


def error_of(kind: str, text: str) -> EdgeImpulseError:
    """The error that was sent."""
    made: EdgeImpulseError = getattr(errors, kind)(text)
    return made


def _sendable(value: Any) -> Any:
    """What stands in a message for a value that MessagePack does not know."""
    if isinstance(value, np.generic):
        return value.item()
    if not isinstance(value, np.ndarray) or value.dtype.hasobject:
        what = f"array of {value.dtype}" if isinstance(value, np.ndarray) else type(value).__name__
        raise TypeError(f"a value is a {what}, expected NumPy arrays of numbers")
    packed = (value.dtype.str, value.shape, value.tobytes())
    return msgspec.msgpack.Ext(_ARRAY, msgspec.msgpack.encode(packed))


_encoder = msgspec.msgpack.Encoder(enc_hook=_sendable)
_requests: msgspec.msgpack.Decoder[list[Any]] = msgspec.msgpack.Decoder(list, ext_hook=array_of)
_arrays: msgspec.msgpack.Decoder[_Array] = msgspec.msgpack.Decoder(_Array)
