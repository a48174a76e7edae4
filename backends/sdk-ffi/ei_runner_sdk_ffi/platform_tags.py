"""For which systems a library is: the platform in the name of its wheel."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from .build.targets import Target

__all__ = ["platform_tag"]

Version = tuple[int, int]

_LIBC = re.compile(r"GLIBC_(\d+)\.(\d+)(?:\.\d+)?")
_MACHINES = {"armv7": "armv7l"}
# Before these, pip takes no wheels: glibc for Intel, for others, and macOS for each processor.
_OLDEST_GLIBC = {"x86_64": (2, 5)}
_OLDEST_GLIBC_ELSEWHERE = (2, 17)
_OLDEST_MACOS = {"arm64": (11, 0), "x86_64": (10, 15)}
_WITHOUT_MINOR = 11  # from this macOS on, only the first number tells systems apart


def platform_tag(libraries: Sequence[Path], target: Target) -> str:
    """Such as ``manylinux_2_28_x86_64``: the oldest system on which all of the libraries load.

    Libraries that name no version of the C library are for the machine that they were made on,
    ``linux_x86_64``: its C library is another one than that of GNU.
    """
    machine = _MACHINES.get(target.machine, target.machine)
    if target.is_mac:
        asked = [version for path in libraries for version in _macos_versions(path)]
        major, minor = max([_OLDEST_MACOS[machine], *asked])
        if major >= _WITHOUT_MINOR and minor:
            major, minor = major + 1, 0
        return f"macosx_{major}_{minor}_{machine}"
    asked = [version for path in libraries for version in _glibc_versions(path)]
    if not asked:
        return f"linux_{machine}"
    major, minor = max([_OLDEST_GLIBC.get(machine, _OLDEST_GLIBC_ELSEWHERE), *asked])
    return f"manylinux_{major}_{minor}_{machine}"


def _glibc_versions(path: Path) -> Iterator[Version]:
    """The versions of the C library whose symbols a library asks for."""
    from elftools.elf.elffile import ELFFile
    from elftools.elf.gnuversions import GNUVerNeedSection

    with path.open("rb") as file:
        for section in ELFFile(file).iter_sections():
            if isinstance(section, GNUVerNeedSection):
                for _, symbols in section.iter_versions():
                    for symbol in symbols:
                        if found := _LIBC.fullmatch(symbol.name):
                            yield int(found[1]), int(found[2])


def _macos_versions(path: Path) -> Iterator[Version]:
    """The oldest macOS that a library names for each processor that it is for."""
    from macholib.mach_o import (  # type: ignore[import-untyped]
        build_version_command,
        version_min_command,
    )
    from macholib.MachO import MachO  # type: ignore[import-untyped]

    for header in MachO(str(path)).headers:
        for _, command, _ in header.commands:
            if isinstance(command, build_version_command):
                yield _of_macho(command.minos)
            elif isinstance(command, version_min_command):
                yield _of_macho(command.version)


def _of_macho(version: int) -> Version:
    return int(version) >> 16, int(version) >> 8 & 0xFF
