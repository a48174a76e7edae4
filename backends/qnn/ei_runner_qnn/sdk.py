"""Qualcomm's SDK (AI Engine Direct, also called QNN or QAIRT): where its libraries are.

``lib`` holds a folder for each kind of machine, and one for each version of the Hexagon processor
with the libraries that run on that, which are called skels.
"""

from __future__ import annotations

import os
import platform
import re
import sys
from pathlib import Path

from ei_runner_core import BackendUnavailableError, InvalidInputError
from ei_runner_core.authoring.native_files import describe, this_machine

from .library_check import check_library

__all__ = ["SDK_VARIABLE", "backend_library", "find_delegate", "skel_folders"]

SDK_VARIABLE = "QNN_SDK_ROOT"
_DELEGATE = "libQnnTFLiteDelegate.so"
_UBUNTU, _EMBEDDED = "aarch64-ubuntu-*", "aarch64-oe-linux-*"
_BACKEND_LIBRARIES = {"htp": "libQnnHtp.so", "gpu": "libQnnGpu.so", "dsp": "libQnnDsp.so"}


def find_delegate(given: Path | None) -> Path:
    """The library of the delegate, made for this machine.

    Args:
        given: the one that the user names; None takes that of the SDK in ``QNN_SDK_ROOT``.

    Raises:
        InvalidInputError: the one that the user names is no library for this machine.
        BackendUnavailableError: there is no SDK, or it has no delegate for this machine.
    """
    if sys.platform != "linux":
        raise BackendUnavailableError(
            ".tflite networks run with qnn on Linux only; make an ONNX form of the network"
        )
    if given is not None:
        check_library(given, InvalidInputError)
        return given
    library = _delegate_of_sdk()
    check_library(library, BackendUnavailableError)
    return library


def skel_folders(library: Path) -> tuple[Path, ...]:
    """The folders with what runs on a Hexagon, of the same SDK as this library.

    On a device all may lie in one folder, so the library's own counts if it has some.
    """
    beside = [library.parent] if any(library.parent.glob("libQnn*Skel.so")) else []
    in_sdk = library.parent.parent.glob("hexagon-v*/unsigned")
    return (*beside, *sorted(filter(Path.is_dir, in_sdk), key=_version, reverse=True))


def backend_library(library: Path, backend_type: str) -> Path | None:
    """What the delegate loads for its backend, if it lies beside it.

    The loader of the system would look elsewhere, unless LD_LIBRARY_PATH named the folder before
    this process began.
    """
    path = library.with_name(_BACKEND_LIBRARIES[backend_type])
    return path if path.is_file() else None


def _delegate_of_sdk() -> Path:
    value = os.environ.get(SDK_VARIABLE)
    if not value:
        raise BackendUnavailableError(
            f"qnn runs .tflite networks with {_DELEGATE} of Qualcomm's SDK: set {SDK_VARIABLE} to "
            "the folder of the SDK, or name the library in the option 'delegate'; a network in "
            "ONNX form needs neither"
        )
    root = Path(value).expanduser().absolute()
    if not (root / "lib").is_dir():
        raise BackendUnavailableError(
            f"{SDK_VARIABLE} is {value}, where there is no folder 'lib' of Qualcomm's SDK; set it "
            "to the folder that holds bin, include and lib"
        )
    for folder in _folders_for_here(root / "lib"):
        if (folder / _DELEGATE).is_file():
            return folder / _DELEGATE
    others = sorted(path.parent.name for path in (root / "lib").glob(f"*/{_DELEGATE}"))
    raise BackendUnavailableError(
        f"the SDK in {root} has no {_DELEGATE} for {_here()}: it has it for "
        f"{', '.join(others) or 'no machine'}; install one for this machine, or name the library "
        "in the option 'delegate'"
    )


def _folders_for_here(lib: Path) -> list[Path]:
    """The folders for this kind of machine, the best first."""
    patterns = {
        "x86_64": ["x86_64-linux-clang"],
        "aarch64": [_UBUNTU, _EMBEDDED] if _is_debian() else [_EMBEDDED, _UBUNTU],
    }.get(this_machine()[1], [])
    return [
        folder
        for pattern in patterns
        for folder in sorted(lib.glob(pattern), key=_version, reverse=True)
    ]


def _is_debian() -> bool:
    """Whether this system is Debian, Ubuntu or alike; most others on such chips come from Yocto."""
    try:
        about = platform.freedesktop_os_release()
    except OSError:
        return False
    names = {about.get("ID", ""), *about.get("ID_LIKE", "").split()}
    return not names.isdisjoint({"debian", "ubuntu"})


def _version(folder: Path) -> tuple[int, ...]:
    """The numbers in ``aarch64-oe-linux-gcc11.2`` and ``hexagon-v73/unsigned``, to sort by."""
    return tuple(map(int, re.findall(r"\d+", "/".join(folder.parts[-2:]))))


def _here() -> str:
    system, machine = this_machine()
    return describe(system, (machine,))
