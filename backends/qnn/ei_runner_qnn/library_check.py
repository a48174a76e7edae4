"""Libraries of Qualcomm, checked before one of them loads another and says less."""

from __future__ import annotations

import ctypes
from pathlib import Path

from ei_runner_core import EdgeImpulseError
from ei_runner_core.authoring.native_files import (
    Content,
    Damaged,
    NativeFile,
    describe,
    explain_loading,
    loads_here,
    read_native_file,
    this_machine,
)

from .claims import claim, release

__all__ = ["check_library", "load_library"]

_FROM_SDK = "take the one from the folder of Qualcomm's SDK for this machine"


def check_library(path: Path, fault: type[EdgeImpulseError], hint: str = _FROM_SDK) -> None:
    """See that a file is a shared library for this machine, and whole; it is not loaded.

    Args:
        path: a file.
        fault: the error to raise if it is not.
        hint: what to do then.
    """
    if problem := _problem(path):
        raise fault(f"the library {path} {problem}; {hint}")


def load_library(path: Path, fault: type[EdgeImpulseError]) -> None:
    """Load a library that another one will load, for that one may not tell why it cannot.

    Args:
        path: a file.
        fault: the error to raise if it is none for this machine, needs what is missing, or if a
            copy of it is in use.
    """
    check_library(path, fault)
    claim(path, fault)
    try:
        ctypes.CDLL(str(path))
    except OSError as error:
        release(path)
        hint = explain_loading(str(error))
        raise fault(f"the library {path} cannot be loaded: {error}{hint and '; '}{hint}") from error


def _problem(path: Path) -> str:
    try:
        with path.open("rb") as file:
            found = read_native_file(Content(file))
    except Damaged as error:
        return f"is damaged: {error}"
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    return "is no shared library" if found is None else _mismatch(found)


def _mismatch(found: NativeFile) -> str:
    if not loads_here(found):
        system, machine = this_machine()
        here = describe(system, (machine,))
        return f"is for {describe(found.system, found.machines)}, this is {here}"
    if found.damage:
        return f"is damaged: {found.damage}"
    return (
        "" if found.kind == "library" else f"is no shared library, but a file of kind {found.kind}"
    )
