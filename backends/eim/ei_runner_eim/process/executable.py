"""Checks of a file before it is started, so that a wrong one is explained and not just fails."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

from ei_runner_core import (
    BackendUnavailableError,
    InvalidInputError,
    ModelFormatError,
    ModelNotFoundError,
    UnsupportedModelError,
)
from ei_runner_core.authoring.native_files import (
    Content,
    Damaged,
    NativeFile,
    describe,
    read_native_file,
    runs_here,
    this_machine,
    translates,
)

from ..serving.launcher import MARK
from .places import PrivateFolder

__all__ = ["prepare"]

_HEAD = 4096
_EXECUTE_BITS = stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH
_KINDS = {
    b"version https://git-lfs": "a pointer of Git LFS (git lfs pull fetches what it points to)",
    b"PK\x03\x04": "a zip archive (unpack it)",
    b"\x1f\x8b": "a gzip archive (unpack it)",
    b"<": "a web page",
}


def prepare(path: Path, folder: PrivateFolder, make_executable: str) -> Path:
    """Check a file, and give the path to start, which may be that of a copy that is still to come.

    Args:
        path: the ``.eim`` file.
        folder: where a private copy may be put.
        make_executable: what to do without the run bit: ``copy``, ``in-place`` or ``never``.

    Raises:
        ModelNotFoundError: there is no such file.
        ModelFormatError: it is no program, or a damaged one.
        UnsupportedModelError: it is for another architecture or system, or lacks its loader.
        InvalidInputError: it cannot be read, or it may not be executed and must not be made so.
        BackendUnavailableError: no private folder may hold programs.
    """
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise ModelNotFoundError(f"cannot find the model {path}: {error.strerror}") from error
    if not stat.S_ISREG(mode):  # reading a pipe or a device may never end
        raise ModelFormatError(f"the model {path} is no regular file; name the .eim file itself")
    may_run = bool(mode & _EXECUTE_BITS) and os.access(path, os.X_OK)
    if os.access(path, os.R_OK) or not may_run:
        _check_file(path)
    return path if may_run else _made_executable(path, mode, folder, make_executable)


def _check_file(path: Path) -> None:
    try:
        with path.open("rb") as file:
            content = Content(file)
            if not content.size:
                raise ModelFormatError(f"{path} is an empty file; download it again")
            _check_content(path, content)
    except OSError as error:
        raise InvalidInputError(
            f"cannot read the model {path}: {error.strerror}; give this user the right to read it"
        ) from error


def _ends_as_archive(content: Content) -> bool:
    longest = 22 + 0xFFFF  # of the last record of a zip archive, with its comment
    return b"PK\5\6" in content.part(max(content.size - longest, 0), min(content.size, longest))


def _check_content(path: Path, content: Content) -> None:
    try:
        head = content.part(0, min(content.size, _HEAD))
        program = read_native_file(content)
    except Damaged as error:
        raise _damaged(path, str(error)) from None
    if program is not None:
        _check_program(path, program, head)
    elif head.startswith(b"#!"):
        _check_interpreter(path, head)
        if MARK.encode() in head and not _ends_as_archive(content):
            raise _damaged(path, "it is cut off: its model is missing")
    else:
        raise ModelFormatError(
            f"{path.name} is {_kind(head)} and no executable; download the model for "
            f"{_here()} as .eim"
        )


def _check_program(path: Path, program: NativeFile, head: bytes) -> None:
    if not runs_here(program):
        if translates(head):
            return
        raise UnsupportedModelError(
            f"{path.name} is built for {describe(program.system, program.machines)}, this machine "
            f"is {_here()}: download the model for {_here()}"
        )
    if program.damage:
        raise _damaged(path, program.damage)
    if program.kind != "program":
        raise _damaged(path, "it is an object file or a library and no program")
    if program.loader and not os.path.exists(program.loader):  # noqa: PTH110 - text from a file
        raise UnsupportedModelError(
            f"{path.name} is started with the loader {program.loader}, which this machine does not "
            f"have: it is built for {' and '.join(program.machines)} with another C library; "
            "install that C library, or use a system that has it"
        )


def _damaged(path: Path, how: str) -> ModelFormatError:
    return ModelFormatError(f"{path.name} is damaged: {how}; download it again")


def _here() -> str:
    system, machine = this_machine()
    return describe(system, (machine,))


def _check_interpreter(path: Path, head: bytes) -> None:
    """The first line of a script names a program, and what to start it with."""
    line = os.fsdecode(head[2:].partition(b"\n")[0])
    if line.endswith("\r"):
        raise ModelFormatError(
            f"{path.name} is a script with line ends of Windows, with which it cannot run: convert "
            "it with dos2unix"
        )
    interpreter, *words = line.split() or [""]
    is_there = os.path.isfile(interpreter)  # noqa: PTH113 - text from a file
    if is_there and os.path.basename(interpreter) == "env":  # noqa: PTH119 - text from a file
        wanted = [word for word in words if not word.startswith("-") and "=" not in word]
        interpreter = wanted[0] if wanted else "env"
        is_there = shutil.which(interpreter) is not None
    if not is_there:
        raise UnsupportedModelError(
            f"{path.name} is a script for {interpreter!r}, which this machine does not have (or "
            "not on the PATH): install it"
        )


def _kind(head: bytes) -> str:
    """What a file is that is no program, in words."""
    for start, kind in _KINDS.items():
        if head.lstrip().startswith(start):
            return kind
    if b"TFL3" in head[4:8]:
        return "a TensorFlow Lite network (open it as .tflite)"
    is_text = not any(byte < 32 and byte not in b"\t\n\r\f\x1b" for byte in head)
    if not is_text:
        return "a file of an unknown kind"
    return f"a text file that begins with {head[:30].decode('utf-8', 'replace')!r}"


def _made_executable(path: Path, mode: int, folder: PrivateFolder, how: str) -> Path:
    if how == "copy":
        return _copied(path, folder)
    if how == "never" and not mode & stat.S_IXUSR:
        raise InvalidInputError(
            f"{path} is not executable: run chmod +x on it, or set the option make_executable to "
            "'copy' or 'in-place'"
        )
    if how == "in-place":
        _add_run_bit(path, mode)
    if not os.access(path, os.X_OK):
        raise InvalidInputError(
            f"{path} may not be executed where it is, although its run bit is set (is it mounted "
            "noexec?): set the option make_executable to 'copy', or put it elsewhere"
        )
    return path


def _add_run_bit(path: Path, mode: int) -> None:
    """Let those execute it who may read it."""
    try:
        path.chmod(stat.S_IMODE(mode) | stat.S_IXUSR | ((mode & 0o044) >> 2))
    except OSError as error:
        raise InvalidInputError(
            f"{path} cannot be made executable: {error.strerror}; set the option make_executable "
            "to 'copy'"
        ) from error


def _copied(path: Path, folder: PrivateFolder) -> Path:
    if not folder.allows_execution:
        raise BackendUnavailableError(
            f"{path} may not be executed, and neither may a copy in {folder.path.parent} (it is "
            "mounted noexec): run chmod +x on the file, or set TMPDIR to another folder"
        )
    return folder.copy(path)
