"""What the head of a native file says: its kind, system and processor, and whether it is whole."""

from __future__ import annotations

from dataclasses import dataclass

from .content import Content

__all__ = ["NativeFile", "read_native_file"]


@dataclass(frozen=True)
class NativeFile:
    """A file of machine code.

    Args:
        system: ``"linux"``, ``"macos"`` or ``"windows"``.
        machines: the processors that it is built for, such as ``"x86_64"`` or ``"aarch64"``.
        kind: ``"program"``, ``"library"`` (a shared one) or ``"object"``; empty where its damage
            leaves that open.
        loader: the program that a dynamically linked program is started with.
        byte_order: ``"little"`` or ``"big"``.
        damage: what is wrong with it beyond its processor; empty if it is whole.
    """

    system: str
    machines: tuple[str, ...]
    kind: str
    loader: str = ""
    byte_order: str = "little"
    damage: str = ""


def read_native_file(content: Content) -> NativeFile | None:
    """Read the head of a file; ``None`` if it is no native file of a known format.

    Raises:
        Damaged: it is one, and so damaged that not even its processor can be told.
        OSError: it cannot be read.
    """
    from . import elf, macho

    head = content.part(0, min(content.size, 4))
    if head == elf.MAGIC:
        return elf.read_elf(content)
    if head in macho.THIN:
        return macho.read_thin(content)
    if head == macho.FAT:
        return macho.read_fat(content)
    return NativeFile("windows", ("a",), "program") if head[:2] == b"MZ" else None
