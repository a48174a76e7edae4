"""ELF, the format of Linux."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from .content import Content, Damaged
from .heads import NativeFile

__all__ = ["MAGIC", "read_elf"]

MAGIC = b"\x7fELF"
_MACHINES = {
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
_OBJECT, _FIXED, _MOVABLE = 1, 2, 3  # types of files; programs and libraries may be movable
_LOADED, _DYNAMIC, _LOADER = 1, 2, 3  # types of parts
_END, _DEBUG, _FLAGS = 0, 21, 0x6FFFFFFB  # tags of the dynamic part
_IS_PROGRAM = 0x08000000  # a flag
_LONGEST_LOADER = 4096
_MOST_DYNAMIC_BYTES = 64 * 1024
_MOST_MEMORY = 2**40  # bytes


@dataclass(frozen=True)
class _Layout:
    """How the numbers in a file are written."""

    order: str
    is_64: bool

    @property
    def word(self) -> str:
        return "Q" if self.is_64 else "I"


def read_elf(content: Content) -> NativeFile:
    """Read a file that begins with ``MAGIC``; errors as of ``read_native_file``."""
    size, endianness = content.unpack("BB", 4)
    if size not in (1, 2) or endianness not in (1, 2):
        raise Damaged("its head is neither of a 32-bit nor of a 64-bit file")
    layout = _Layout("<" if endianness == 1 else ">", size == 2)
    (machine,) = content.unpack(f"{layout.order}H", 18)
    name = _MACHINES.get(machine, f"processor type {machine}")
    kind = loader = damage = ""
    try:
        kind, loader = _kind_and_loader(content, layout)
    except Damaged as error:
        damage = str(error)
    byte_order = "little" if endianness == 1 else "big"
    return NativeFile("linux", (name,), kind, loader, byte_order, damage)


def _kind_and_loader(content: Content, layout: _Layout) -> tuple[str, str]:
    """What a whole file is, and the loader that it names if it is a program that needs one."""
    (file_type,) = content.unpack(f"{layout.order}H", 16)
    fields = content.unpack(f"{layout.order}{layout.word * 3}IHHHHHH", 24)
    entry, parts_at, sections_at, _, _, part_size, parts, section_size, sections, _ = fields
    if sections_at:
        content.check_end(sections_at + section_size * sections)
    if file_type == _OBJECT:
        return "object", ""
    loader, dynamic = "", b""
    for number in range(parts):
        what, at, length, memory_end = _part(content, parts_at + number * part_size, layout)
        if what in (_LOADED, _LOADER):
            content.check_end(at + length)
        if what == _LOADED and memory_end > _MOST_MEMORY:  # at which loaders end the process
            raise Damaged(f"it asks for memory up to the address {memory_end}")
        if what == _LOADER:
            loader = _loader_name(content.part(at, min(length, _LONGEST_LOADER)))
        if what == _DYNAMIC:
            dynamic = content.part(at, min(length, _MOST_DYNAMIC_BYTES))
    if file_type == _MOVABLE and not loader and dynamic and not _starts(dynamic, layout):
        return "library", ""
    if file_type not in (_FIXED, _MOVABLE) or not parts or not (entry or loader):
        raise Damaged("it has nothing that can be started or loaded")
    return "program", loader


def _loader_name(content: bytes) -> str:
    name = content.partition(b"\0")[0].decode("utf-8", "replace")
    if not name.isprintable():
        raise Damaged("it names a loader that cannot be")
    return name


def _part(content: Content, at: int, layout: _Layout) -> tuple[int, int, int, int]:
    """Type, offset and size in the file, and end in memory, of one part of what is loaded."""
    if layout.is_64:
        kind, _, *numbers = content.unpack(f"{layout.order}IIQQQQQ", at)
    else:
        kind, *numbers = content.unpack(f"{layout.order}IIIIII", at)
    offset, address, _, size, size_in_memory = numbers
    return kind, offset, size, address + size_in_memory


def _starts(dynamic: bytes, layout: _Layout) -> bool:
    """Whether the dynamic part is that of a program, which linkers mark for debuggers at least."""
    entry = struct.Struct(f"{layout.order}{layout.word * 2}")
    whole = len(dynamic) - len(dynamic) % entry.size
    for tag, value in entry.iter_unpack(dynamic[:whole]):
        if tag == _END:
            break
        if tag == _DEBUG or (tag == _FLAGS and value & _IS_PROGRAM):
            return True
    return False
