"""Reading a FlatBuffer without ever leaving its bytes.

Every offset, length and table is checked before it is followed, so that a damaged file ends in
:class:`DamageError` here instead of in a wild read inside a runtime.
"""

from __future__ import annotations

import struct
from struct import Struct, unpack_from
from typing import Any

__all__ = ["DamageError", "Flatbuffer", "OutOfBytesError", "Table"]

OutOfBytesError = struct.error
"""What reading behind the end of the bytes raises."""

_SCALARS = {code: Struct(f"<{code}") for code in "bBHiIqQf"}
_TABLE_BYTES = 4


class DamageError(Exception):
    """The bytes are not a sound FlatBuffer, or contradict themselves. Stays in this package."""


class Flatbuffer:
    """The bytes of a FlatBuffer, and how many more tables they can sensibly hold.

    A writer never shares tables, so there are fewer of them than the bytes have room for; a file
    that points to the same ones again and again would otherwise keep the reader busy for hours.
    """

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.size = len(content)
        self.tables_left = self.size // _TABLE_BYTES

    def root(self) -> Table:
        """The table that everything hangs from.

        Raises:
            DamageError: it cannot be right; its fields raise this too, when they are asked for.
            OutOfBytesError: it lies behind the end of the file; likewise.
        """
        return Table(self, _SCALARS["I"].unpack_from(self.content)[0])


class Table:
    """One table; its fields are asked for by number, absent ones give the default."""

    __slots__ = ("_buffer", "_content", "_fields", "_position", "_size")

    def __init__(self, buffer: Flatbuffer, position: int) -> None:
        content = buffer.content
        buffer.tables_left -= 1
        _require(buffer.tables_left >= 0 and position % 4 == 0, position)
        vtable = position - _SCALARS["i"].unpack_from(content, position)[0]
        _require(vtable >= 0, position)
        vtable_size, size = unpack_from("<HH", content, vtable)
        _require(vtable_size >= 4 and vtable_size % 2 == 0 and size >= 4, vtable)
        _require(position + size <= buffer.size, position)
        self._buffer = buffer
        self._content = content
        self._position = position
        self._size = size
        self._fields = unpack_from(f"<{vtable_size // 2 - 2}H", content, vtable + 4)

    def number(self, field: int, code: str = "i", default: int = 0) -> int:
        """A scalar; ``code`` is its struct code."""
        scalar = _SCALARS[code]
        at = self._at(field, scalar.size)
        if not at:
            return default
        value: int = scalar.unpack_from(self._content, at)[0]
        return value

    def numbers(self, field: int, code: str = "i") -> tuple[Any, ...]:
        """A vector of scalars; empty if it is absent."""
        start, count = self.span(field, _SCALARS[code].size)
        return unpack_from(f"<{count}{code}", self._content, start) if count else ()

    def span(self, field: int, width: int = 1) -> tuple[int, int]:
        """Where a vector begins, and how many elements it has, without reading them."""
        at = self._target(field)
        if not at:
            return 0, 0
        _require(at % 4 == 0, at)
        count: int = _SCALARS["I"].unpack_from(self._content, at)[0]
        _require(at + 4 + count * width <= self._buffer.size, at)
        return at + 4, count

    def text(self, field: int) -> str:
        """A string; empty if it is absent."""
        start, count = self.span(field)
        if not start:
            return ""
        end = start + count
        _require(self._content[end : end + 1] == b"\0", end)
        return self._content[start:end].decode("utf-8", "replace")

    def table(self, field: int) -> Table | None:
        """A table, if it is there."""
        at = self._target(field)
        return Table(self._buffer, at) if at else None

    def tables(self, field: int) -> list[Table]:
        """A vector of tables; empty if it is absent."""
        start = self.span(field, 4)[0]
        offsets = self.numbers(field, "I")
        return [Table(self._buffer, start + 4 * i + offset) for i, offset in enumerate(offsets)]

    def _at(self, field: int, width: int) -> int:
        """Where a field stands; 0 if it is absent."""
        offset: int = self._fields[field] if field < len(self._fields) else 0
        if not offset:
            return 0
        _require(4 <= offset <= self._size - width, self._position)
        return self._position + offset

    def _target(self, field: int) -> int:
        """Where the offset in a field leads; 0 if it is absent."""
        at = self._at(field, 4)
        if not at:
            return 0
        offset: int = _SCALARS["I"].unpack_from(self._content, at)[0]
        _require(offset >= 4, at)
        return at + offset


def _require(condition: bool, position: int) -> None:
    if not condition:
        raise DamageError(f"its structure is broken near byte {position}")
