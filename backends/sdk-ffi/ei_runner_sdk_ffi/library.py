"""Loading a compiled model into this process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ei_runner_core import ModelFormatError, UnsupportedModelError

from .native import ffi
from .private_copy import private_copy

__all__ = ["load_library", "unload_library"]

_ABI = 1
_NEEDED = "libtensorflowlite*"


def load_library(path: Path, content: bytes) -> Any:
    """Load a library that was built from an export; it has globals of its own.

    Args:
        path: the library; a TensorFlow Lite library that it needs lies beside it.
        content: its bytes.

    Returns:
        The functions of ``ei_runner.h``, as cffi offers them.

    Raises:
        ModelFormatError: it cannot be loaded, or is no library of ours.
        UnsupportedModelError: it was built for another version of this package.
    """
    # While these are loaded the loader finds them by name; cffi unloads what nobody holds.
    needed = [_load(str(library), library) for library in sorted(path.parent.glob(_NEEDED))]
    with private_copy(content, path.name) as copy:
        functions = _load(copy, path)
    del needed
    try:
        _check_abi(functions, path)
    except BaseException:
        unload_library(functions)
        raise
    return functions


def unload_library(functions: Any) -> None:
    """Unload it; nothing of it may be used afterwards."""
    ffi.dlclose(functions)


def _load(path: str, shown: Path) -> Any:
    try:
        return ffi.dlopen(path, ffi.RTLD_NOW | ffi.RTLD_LOCAL)
    except OSError as error:
        why = str(error).replace(path, shown.name)
        raise ModelFormatError(
            f"the library {shown} cannot be loaded: {why}; build it again with: ei-runner build"
        ) from None


def _check_abi(functions: Any, path: Path) -> None:
    try:
        version = functions.ei_runner_abi()
    except (AttributeError, ffi.error):
        raise ModelFormatError(
            f"{path} is no model that ei-runner has built: it has no function ei_runner_abi; "
            "make one with: ei-runner build"
        ) from None
    if version != _ABI:
        raise UnsupportedModelError(
            f"{path} was built for version {version} of the interface, expected {_ABI}: build it "
            "again with: ei-runner build"
        )
