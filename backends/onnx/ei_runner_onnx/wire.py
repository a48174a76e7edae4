"""The wire format of protocol buffers, read as ONNX Runtime's own parser reads it.

Both must see the same in a file: what only ONNX Runtime sees is not checked. So unknown groups are
skipped, of a value that is given twice the last one counts, and messages that are given twice are
merged.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import cached_property
from itertools import islice

__all__ = ["MOST_FIELDS", "DamageError", "Message", "TooManyFieldsError", "signed"]

MOST_FIELDS = 1_000_000
"""So many fields are read of one file; real networks need a tenth of them."""

_VARINT, _FIXED64, _BYTES, _GROUP, _GROUP_END, _FIXED32 = range(6)
_FIXED_SIZES = (0, 8, 0, 0, 0, 4)
_LONGEST_KEY, _LONGEST_VARINT = 5, 10
_DEEPEST_GROUP = 100
_COST_OF_MESSAGE = 4


class DamageError(Exception):
    """The bytes are no protocol buffer."""


class TooManyFieldsError(Exception):
    """The file has more fields than are read."""


class _Source:
    """Bytes that messages are in, and how much may still be read of their file."""

    def __init__(self, data: bytes, left: list[int]) -> None:
        self.data, self.left = data, left
        self._places: dict[bytes, list[int]] = {}

    def spend(self, fields: int = 1) -> None:
        self.left[0] -= fields
        if self.left[0] < 0:
            raise TooManyFieldsError

    def places(self, word: bytes) -> list[int]:
        """Where a word is. They are found once, however deep messages are in each other."""
        if word not in self._places:
            matches = islice(re.finditer(re.escape(word), self.data), MOST_FIELDS + 1)
            self._places[word] = [match.start() for match in matches]
            self.spend(len(self._places[word]))
        return self._places[word]


class Message:
    """One message: a part of the bytes of a file, whose fields are read once, when asked for."""

    def __init__(self, source: _Source, start: int, end: int) -> None:
        self._source, self._start, self._end = source, start, end

    @classmethod
    def of(cls, data: bytes, left: list[int] | None = None) -> Message:
        """The message that some bytes are."""
        return cls(_Source(data, left or [MOST_FIELDS]), 0, len(data))

    def __contains__(self, word: bytes) -> bool:
        places = self._source.places(word)
        first = bisect_left(places, self._start)
        return first < len(places) and places[first] + len(word) <= self._end

    def messages(self, number: int) -> Iterator[Message]:
        """The messages in a repeated field."""
        return (Message(self._source, *span) for span in self._spans(number))

    def message(self, number: int) -> Message | None:
        """The message in a field that is not repeated."""
        spans = self._spans(number)
        if len(spans) < 2:
            return Message(self._source, *spans[0]) if spans else None
        self._source.spend(_COST_OF_MESSAGE * len(spans) + sum(end - start for start, end in spans))
        merged = b"".join(self.blobs(number))
        return Message.of(merged, self._source.left)

    def blobs(self, number: int, kind: int = _BYTES) -> list[memoryview]:
        """The bytes in a field, not copied."""
        view = memoryview(self._source.data)
        return [view[start:end] for start, end in self._spans(number, kind)]

    def fixed(self, number: int) -> bytes:
        """The bytes of a repeated field of numbers of fixed size, packed or not."""
        kinds = (_BYTES, _FIXED32, _FIXED64)
        return b"".join(blob for kind in kinds for blob in self.blobs(number, kind))

    def texts(self, number: int) -> list[str]:
        """The texts in a field; what is no UTF-8 is replaced."""
        data = self._source.data
        return [data[start:end].decode(errors="replace") for start, end in self._spans(number)]

    def text(self, number: int) -> str:
        """The text in a field, or nothing."""
        texts = self.texts(number)
        return texts[-1] if texts else ""

    def integers(self, number: int) -> Iterator[int]:
        """The unsigned integers in a field, packed or not."""
        for kind, start, end in self._fields.get(number, ()):
            if kind == _VARINT:
                yield start
            while kind == _BYTES and start < end:
                self._source.spend()
                value, start = _varint(self._source.data, start, end)
                yield value

    def number(self, number: int) -> int:
        """The integer in a field, unsigned, or 0."""
        found = self._fields.get(number, ())
        return next((value for kind, value, _ in reversed(found) if kind == _VARINT), 0)

    def last_of(self, *numbers: int) -> int:
        """Which of the fields that exclude each other comes last, or 0."""
        return next((number for number in reversed(self._fields) if number in numbers), 0)

    def _spans(self, number: int, wanted: int = _BYTES) -> list[tuple[int, int]]:
        found = self._fields.get(number)
        return [(start, end) for kind, start, end in found if kind == wanted] if found else []

    @cached_property
    def _fields(self) -> dict[int, list[tuple[int, int, int]]]:
        """By number, in the order of their last occurrence: kind, and a number or start and end."""
        fields: dict[int, list[tuple[int, int, int]]] = {}
        groups: list[int] = []
        self._source.spend(_COST_OF_MESSAGE)
        for number, kind, start, end in self._read():
            if kind == _GROUP:
                groups.append(number)
                if len(groups) > _DEEPEST_GROUP:
                    raise DamageError("groups too deep")
            elif kind == _GROUP_END:
                if not groups or groups.pop() != number:
                    raise DamageError("end of another group")
            elif not groups:
                fields[number] = values = fields.pop(number, [])
                values.append((kind, start, end))
        if groups:
            raise DamageError("group without an end")
        return fields

    def _read(self) -> Iterator[tuple[int, int, int, int]]:
        """Number and kind of all fields; their value, or start and end of what they hold."""
        data, position, end = self._source.data, self._start, self._end
        spend = self._source.spend
        while position < end:
            spend()
            key, position = _varint(data, position, end, _LONGEST_KEY)
            number, kind = (key & 0xFFFFFFFF) >> 3, key & 7
            if not number or kind > _FIXED32:
                raise DamageError(f"field {number} of wire type {kind}")
            size = _FIXED_SIZES[kind]
            if kind in (_VARINT, _BYTES):
                size, position = _varint(data, position, end)
            if kind == _VARINT:
                yield number, kind, size, 0
                continue
            if size > end - position:
                raise DamageError("field beyond the end")
            yield number, kind, position, position + size
            position += size


def signed(value: int) -> int:
    """What an unsigned varint stands for in a signed field."""
    return value - 2**64 if value >= 2**63 else value


def _varint(
    data: bytes, position: int, end: int, longest: int = _LONGEST_VARINT
) -> tuple[int, int]:
    """The number at a position, as far as it fits into 64 bits, and the position behind it."""
    if position < end and data[position] < 0x80:
        return data[position], position + 1
    value = 0
    for shift in range(longest):
        if position >= end:
            raise DamageError("number beyond the end")
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << 7 * shift
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, position
    raise DamageError("number without an end")
