"""The backend ``sdk-ffi``: C++ exports in this process, or in a process of their own."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ei_runner_core import (
    EdgeImpulseError,
    ImpulseBackend,
    ImpulseSession,
    ModelSource,
    Support,
)

from .options import read_sdk_ffi_options

__all__ = ["SdkFfiBackend"]

_KINDS = ("cpp-export", "library")
_COMPILERS = ("g++", "clang++", "zig")
_COMPILED = "its network was compiled with EON, and a network file cannot take its place"
_INSTALL = "install g++ or clang, or pip install 'ei-runner-sdk-ffi[zig]'"


class SdkFfiBackend(ImpulseBackend):
    """Compiles C++ exports where they are new, and runs them; libraries are run as they are."""

    def supports(self, source: ModelSource) -> Support:
        """Whether it is a library, or an export that was built or can be; it is not looked into."""
        if source.kind not in _KINDS:
            return Support(
                ok=False, reason=f"it opens C++ exports and libraries, not {source.kind}"
            )
        if source.kind == "library":
            return Support(ok=True)
        if not (_can_compile() or _is_built(source.path)):
            return Support(ok=False, reason=f"there is no C++ compiler; {_INSTALL}")
        if source.networks and not _takes_networks(source):
            return Support(ok=False, reason=_COMPILED)
        return Support(ok=True)

    def open(self, source: ModelSource, options: Mapping[str, Any]) -> ImpulseSession:
        """Build what is not built yet, and load it.

        Raises:
            BuildError: the export cannot be compiled.
            ModelFormatError: the export or library is damaged.
            UnsupportedModelError: the library is for another machine, or its network needs what
                the backend that shall run it does not have.
            InvalidInputError: an option is wrong, or options contradict each other.
        """
        from .opening import open_session

        return open_session(source, *read_sdk_ffi_options(options))


def _can_compile() -> bool:
    """Whether something on this machine may be a compiler; what it is shows when it is used."""
    if os.environ.get("CXX"):
        return True
    places = (f"{folder}/{name}" for folder in os.get_exec_path() for name in _COMPILERS)
    return any(os.access(place, os.X_OK) for place in places) or find_spec("ziglang") is not None


def _is_built(path: Path) -> bool:
    from .build.options import BuildOptions
    from .build.shortcut import is_ready

    try:
        return is_ready(path, BuildOptions.read({}, os.environ))
    except (EdgeImpulseError, OSError):
        return False


def _takes_networks(source: ModelSource) -> bool:
    from .opening import takes_networks

    return takes_networks(source)
