"""What the head of a program file says: its system and processor, and whether it is whole."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

__all__ = ["Content", "Damaged", "Program", "read_program"]

_ELF = b"\x7fELF"
_ELF_MACHINES = {
    3: "i386",
    8: "mips",
    20: "ppc",
    21: "ppc64",
    22: "s390x",
    40: "arm",
    62: "x86_64",
    183: "aarch64",
    243: "riscv64",
    258: "loongarch",
}
_RUNNABLE, _SHARED = 2, 3
_LOADED, _LOADER = 1, 3
_LONGEST_LOADER = 4096

_MACHO_THIN = {
    b"\xcf\xfa\xed\xfe": ("<", 32),
    b"\xce\xfa\xed\xfe": ("<", 28),
    b"\xfe\xed\xfa\xcf": (">", 32),
    b"\xfe\xed\xfa\xce": (">", 28),
}
_MACHO_FAT = b"\xca\xfe\xba\xbe"
_MACHO_MACHINES = {0x7: "i386", 0xC: "arm", 0x01000007: "x86_64", 0x0100000C: "aarch64"}
_MACHO_RUNNABLE = 2
_SEGMENT_64 = 0x19
_MOST_ARCHITECTURES = 16


class Damaged(ValueError):  # noqa: N818 - the file is at fault
    """The head of the file contradicts itself, or the file is cut off, or it is no program."""


@dataclass(frozen=True)
class Program:
    """A program file.

    Args:
        system: ``"linux"``, ``"macos"`` or ``"windows"``.
        machines: the processors that it is built for.
        loader: the program that a dynamically linked one is started with.
        byte_order: ``"little"`` or ``"big"``.
        damage: what is wrong with it beyond its processor; empty if it is whole.
    """

    system: str
    machines: tuple[str, ...]
    loader: str = ""
    byte_order: str = "little"
    damage: str = ""


class Content:
    """The bytes of a file, read where they are needed.

    A mapping of it would end this process where the file shrinks, or its disk fails.

    Args:
        file: open for reading, with positions.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.size = file.seek(0, os.SEEK_END)

    def part(self, at: int, size: int) -> bytes:
        """So many bytes from a position on.

        Raises:
            Damaged: they are not there.
            OSError: they cannot be read.
        """
        self.check_end(at + size)
        self._file.seek(at)
        data = self._file.read(size)
        if len(data) < size:
            raise Damaged("it has just become shorter")
        return data

    def unpack(self, layout: str, at: int) -> tuple[Any, ...]:
        """The values at a position, as :mod:`struct` names them; errors as of :meth:`part`."""
        return struct.unpack(layout, self.part(at, struct.calcsize(layout)))

    def check_end(self, end: int) -> None:
        """Raise Damaged if it ends before this position."""
        if end > self.size:
            raise Damaged(f"it is cut off: it has {self.size} bytes of at least {end}")


def read_program(content: Content) -> Program | None:
    """Read the head of a file; ``None`` if it is no program of a known kind.

    Raises:
        Damaged: it is one, and so damaged that not even its processor can be told.
        OSError: it cannot be read.
    """
    head = content.part(0, min(content.size, 4))
    if head == _ELF:
        return _read_elf(content)
    if head in _MACHO_THIN:
        return _read_thin(content, *_MACHO_THIN[head])
    if head == _MACHO_FAT:
        return _read_fat(content)
    return Program("windows", ("a",)) if head[:2] == b"MZ" else None


def _read_elf(content: Content) -> Program:
    size, endianness = content.unpack("BB", 4)
    if size not in (1, 2) or endianness not in (1, 2):
        raise Damaged("its head is neither of a 32-bit nor of a 64-bit program")
    order = "<" if endianness == 1 else ">"
    (machine,) = content.unpack(f"{order}H", 18)
    name = _ELF_MACHINES.get(machine, f"processor type {machine}")
    loader = damage = ""
    try:
        loader = _elf_loader(content, order, is_64=size == 2)
    except Damaged as error:
        damage = str(error)
    return Program("linux", (name,), loader, "little" if endianness == 1 else "big", damage)


def _elf_loader(content: Content, order: str, is_64: bool) -> str:
    """The loader that a whole program names; empty for one that needs none."""
    (kind,) = content.unpack(f"{order}H", 16)
    layout = f"{order}{'QQQ' if is_64 else 'III'}IHHHHHH"
    entry, parts_at, sections_at, *rest = content.unpack(layout, 24)
    _, _, part_size, parts, section_size, sections, _ = rest
    if sections_at:
        content.check_end(sections_at + section_size * sections)
    loader = ""
    for number in range(parts):
        what, at, length = _elf_part(content, parts_at + number * part_size, order, is_64)
        if what in (_LOADED, _LOADER):
            content.check_end(at + length)
        if what == _LOADER:
            path = content.part(at, min(length, _LONGEST_LOADER))
            loader = path.partition(b"\0")[0].decode("utf-8", "replace")
            if not loader.isprintable():
                raise Damaged("it names a loader that cannot be")
    if kind not in (_RUNNABLE, _SHARED) or not parts or not (entry or loader):
        raise Damaged("it is an object file or a library and no program")
    return loader


def _elf_part(content: Content, at: int, order: str, is_64: bool) -> tuple[int, int, int]:
    """Type, offset and size in the file of one part of the program."""
    if is_64:
        kind, _, offset, _, _, size = content.unpack(f"{order}IIQQQQ", at)
    else:
        kind, offset, _, _, size = content.unpack(f"{order}IIIII", at)
    return kind, offset, size


def _read_thin(content: Content, order: str, commands_at: int) -> Program:
    cpu, _, kind, commands, _ = content.unpack(f"{order}IIIII", 4)
    if kind != _MACHO_RUNNABLE:
        raise Damaged("it is an object file or a library and no program")
    for end in _segment_ends(content, order, commands_at, commands):
        content.check_end(end)
    return Program("macos", (_macho_machine(cpu),))


def _segment_ends(content: Content, order: str, at: int, commands: int) -> Iterator[int]:
    for _ in range(commands):
        command, size = content.unpack(f"{order}II", at)
        if size < 8:
            raise Damaged("its head has a load command without a size")
        if command == _SEGMENT_64:
            yield sum(content.unpack(f"{order}QQ", at + 40))
        at += size


def _read_fat(content: Content) -> Program | None:
    (count,) = content.unpack(">I", 4)
    if not 0 < count <= _MOST_ARCHITECTURES:
        return None  # a class of Java begins with the same bytes
    machines = []
    for number in range(count):
        cpu, _, offset, size = content.unpack(">IIII", 8 + 20 * number)
        content.check_end(offset + size)
        machines.append(_macho_machine(cpu))
    return Program("macos", tuple(machines))


def _macho_machine(cpu: int) -> str:
    return _MACHO_MACHINES.get(cpu, f"processor type {cpu}")
