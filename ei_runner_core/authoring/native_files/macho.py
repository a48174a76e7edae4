"""Mach-O, the format of macOS."""

from __future__ import annotations

from collections.abc import Iterator

from .content import Content, Damaged
from .heads import NativeFile

__all__ = ["FAT", "THIN", "read_fat", "read_thin"]

THIN = {
    b"\xcf\xfa\xed\xfe": ("<", 32),
    b"\xce\xfa\xed\xfe": ("<", 28),
    b"\xfe\xed\xfa\xcf": (">", 32),
    b"\xfe\xed\xfa\xce": (">", 28),
}
"""The marks of files for one processor: the order of bytes, and where the load commands begin."""

FAT = b"\xca\xfe\xba\xbe"
"""The mark of files for several processors."""

_MACHINES = {0x7: "i386", 0xC: "arm", 0x01000007: "x86_64", 0x0100000C: "aarch64"}
_KINDS = {1: "object", 2: "program", 6: "library", 8: "library"}
_SEGMENT_64 = 0x19
_MOST_ARCHITECTURES = 16


def read_thin(content: Content) -> NativeFile:
    """Read a file for one processor; errors as of ``read_native_file``."""
    order, commands_at = THIN[content.part(0, 4)]
    cpu, _, file_type, commands, _ = content.unpack(f"{order}IIIII", 4)
    for end in _segment_ends(content, order, commands_at, commands):
        content.check_end(end)
    return _native_file((_machine(cpu),), {_KINDS.get(file_type, "")})


def read_fat(content: Content) -> NativeFile | None:
    """Read a file for several processors; errors as of ``read_native_file``."""
    (count,) = content.unpack(">I", 4)
    if not 0 < count <= _MOST_ARCHITECTURES:
        return None  # a class of Java begins with the same bytes
    machines, kinds = [], set()
    for number in range(count):
        cpu, _, offset, size = content.unpack(">IIII", 8 + 20 * number)
        content.check_end(offset + size)
        machines.append(_machine(cpu))
        kinds.add(_kind_of_slice(content, offset, size))
    return _native_file(tuple(machines), kinds)


def _native_file(machines: tuple[str, ...], kinds: set[str]) -> NativeFile:
    if len(kinds) == 1 and "" not in kinds:
        return NativeFile("macos", machines, kinds.pop())
    return NativeFile("macos", machines, "", damage="it has nothing that can be started or loaded")


def _kind_of_slice(content: Content, at: int, size: int) -> str:
    order, _ = THIN.get(content.part(at, 4), ("", 0)) if size >= 16 else ("", 0)
    return _KINDS.get(content.unpack(f"{order}I", at + 12)[0], "") if order else ""


def _segment_ends(content: Content, order: str, at: int, commands: int) -> Iterator[int]:
    for _ in range(commands):
        command, size = content.unpack(f"{order}II", at)
        if size < 8:
            raise Damaged("its head has a load command without a size")
        if command == _SEGMENT_64:
            yield sum(content.unpack(f"{order}QQ", at + 40))
        at += size


def _machine(cpu: int) -> str:
    return _MACHINES.get(cpu, f"processor type {cpu}")
