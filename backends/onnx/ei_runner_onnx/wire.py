"""The wire format of protocol buffers, as far as reading a network file needs it."""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["DamageError", "Message", "numbers", "signed"]

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_FIXED_SIZES = {_FIXED64: 8, _FIXED32: 4}
_LONGEST_VARINT = 10


class DamageError(Exception):
    """The bytes are no protocol buffer."""


class Message:
    """One message: its fields in the order of the file, nothing copied."""

    def __init__(self, data: memoryview) -> None:
        self._data = data

    def __iter__(self) -> Iterator[tuple[int, int | memoryview]]:
        """Number and value of each field: an unsigned integer, or the bytes of anything else."""
        data, position, end = self._data, 0, len(self._data)
        while position < end:
            key, position = _varint(data, position)
            kind = key & 7
            value: int | memoryview
            if kind == _VARINT:
                value, position = _varint(data, position)
            else:
                size = _FIXED_SIZES.get(kind, 0)
                if kind == _BYTES:
                    size, position = _varint(data, position)
                elif not size:
                    raise DamageError(f"field of wire type {kind}")
                if size > end - position:
                    raise DamageError("field beyond the end")
                value = data[position : position + size]
                position += size
            yield key >> 3, value

    def messages(self, number: int) -> Iterator[Message]:
        """The messages in a field."""
        return (Message(data) for data in self.blobs(number))

    def blobs(self, number: int) -> Iterator[memoryview]:
        """The bytes in a field."""
        return (v for field, v in self if field == number and isinstance(v, memoryview))

    def message(self, number: int) -> Message | None:
        """The first message in a field."""
        return next(self.messages(number), None)

    def texts(self, number: int) -> list[str]:
        """The texts in a field; what is no UTF-8 is replaced."""
        return [bytes(blob).decode(errors="replace") for blob in self.blobs(number)]

    def text(self, number: int) -> str:
        """The text in a field, or nothing."""
        return next(iter(self.texts(number)), "")

    def number(self, number: int) -> int:
        """The integer in a field, unsigned, or 0."""
        return next((v for field, v in self if field == number and isinstance(v, int)), 0)


def numbers(message: Message, number: int) -> list[int]:
    """All integers of a repeated field, packed or not."""
    found: list[int] = []
    for field, value in message:
        if field == number:
            found += [value] if isinstance(value, int) else _packed(value)
    return found


def signed(value: int) -> int:
    """What an unsigned varint stands for in a signed field."""
    return value - 2**64 if value >= 2**63 else value


def _packed(data: memoryview) -> Iterator[int]:
    position = 0
    while position < len(data):
        value, position = _varint(data, position)
        yield value


def _varint(data: memoryview, position: int) -> tuple[int, int]:
    value = 0
    for shift in range(_LONGEST_VARINT):
        if position >= len(data):
            raise DamageError("number beyond the end")
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << 7 * shift
        if byte < 0x80:
            return value, position
    raise DamageError("number without an end")
