"""What this machine can run and load."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from .heads import NativeFile

__all__ = ["describe", "loads_here", "runs_here", "this_machine", "translates"]

_SYSTEMS = {"linux": "Linux", "macos": "macOS", "windows": "Windows"}
_KERNELS = {"Linux": "linux", "Darwin": "macos"}
_SPELLINGS = {"amd64": "x86_64", "arm64": "aarch64", "ppc64le": "ppc64", "loongarch64": "loongarch"}
_ALSO_RUNS = {"x86_64": {"i386"}, "aarch64": {"arm"}}
_32_BIT_FORMS = {"x86_64": "i386", "aarch64": "arm"}
_IS_64_BIT = sys.maxsize > 2**32
_ROSETTA = Path("/Library/Apple/usr/libexec/oah/libRosettaRuntime")
_EMULATORS = Path("/proc/sys/fs/binfmt_misc")


def this_machine() -> tuple[str, str]:
    """System and processor of this machine, by the names that :class:`NativeFile` has."""
    about = os.uname()
    machine = about.machine.lower()
    if machine == "armv8l":  # a 64-bit kernel that shows itself to 32-bit programs
        machine = "aarch64"
    elif machine.startswith("arm") and machine != "arm64":
        machine = "arm"
    elif machine in ("i486", "i586", "i686"):
        machine = "i386"
    return _KERNELS.get(about.sysname, about.sysname), _SPELLINGS.get(machine, machine)


def describe(system: str, machines: tuple[str, ...]) -> str:
    """Such as ``aarch64 Linux``."""
    return f"{' and '.join(machines)} {_SYSTEMS.get(system, system)}"


def runs_here(program: NativeFile) -> bool:
    """Whether the processor and the system of this machine run a program by themselves."""
    system, machine = this_machine()
    if system != program.system or (system == "linux" and program.byte_order != sys.byteorder):
        return False
    also = _ALSO_RUNS.get(machine, set())
    if system == "macos":
        also = {"aarch64"} if "ARM64" in os.uname().version else set()
        also |= {"x86_64"} if machine == "aarch64" and _ROSETTA.exists() else set()
    return not {machine, *also}.isdisjoint(program.machines)


def loads_here(library: NativeFile) -> bool:
    """Whether this process, which may be a 32-bit one on a 64-bit kernel, can load a library."""
    system, machine = this_machine()
    if not _IS_64_BIT:
        machine = _32_BIT_FORMS.get(machine, machine)
    fits = (system, sys.byteorder) == (library.system, library.byte_order)
    return fits and machine in library.machines


def translates(head: bytes) -> bool:
    """Whether an emulator has been registered with Linux for programs that begin like this."""
    return any(_fits(head, rule) for rule in _rules())


def _rules() -> Iterator[dict[str, str]]:
    try:
        for path in _EMULATORS.iterdir():
            lines = path.read_text("ascii", "replace").splitlines()
            if path.name not in ("register", "status") and lines[:1] == ["enabled"]:
                yield {key: value for key, _, value in (line.partition(" ") for line in lines)}
    except OSError:
        return  # nothing has been registered, or it is not for us to read


def _fits(head: bytes, rule: dict[str, str]) -> bool:
    magic = bytes.fromhex(rule.get("magic", ""))
    mask = bytes.fromhex(rule.get("mask", "")) or b"\xff" * len(magic)
    part = head[int(rule.get("offset", "0")) :][: len(magic)]
    same = len(part) == len(magic) > 0
    return same and all((a ^ b) & m == 0 for a, b, m in zip(part, magic, mask, strict=False))
