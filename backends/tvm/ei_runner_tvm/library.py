"""The library of a compiled network, loaded into this process once for all its sessions.

Two loads of one file are one to the system, but not to TVM: closing the first would take from the
second what both of them use.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from ei_runner_core import ModelFormatError, UnsupportedModelError
from ei_runner_core.authoring import one_line
from ei_runner_core.authoring.native_files import explain_loading

from .loading import loading_alone
from .machine import lacking_features
from .manifest import Manifest
from .natives import judge_library
from .places import same_release
from .runtime import Runtime

__all__ = ["CACHE_VARIABLE", "Library", "check_fits", "load_library"]

CACHE_VARIABLE = "EI_RUNNER_CACHE"


class Library:
    """A loaded library; it is unloaded when nobody refers to it any more."""

    def __init__(self, executable: Any) -> None:
        self.executable = executable


_libraries: WeakValueDictionary[Path, Library] = WeakValueDictionary()


def check_fits(manifest: Manifest, library: Path, runtime: Runtime, name: str) -> None:
    """Refuse what this machine or this runtime cannot run, before native code sees it.

    Raises:
        ModelFormatError: the library is damaged.
        UnsupportedModelError: it is for another machine, or was compiled by another TVM.
    """
    try:
        with library.open("rb") as file:
            verdict = judge_library(file)
    except OSError as error:
        raise ModelFormatError(f"cannot read the library of {name}: {error}") from error
    if verdict.damage:
        raise ModelFormatError(f"the library in {name} {verdict.damage}; compile the network again")
    if verdict.misfit:
        raise UnsupportedModelError(
            f"{name} was compiled for {manifest.target!a}: its library {verdict.misfit}; "
            "compile the network for it"
        )
    if lacking := lacking_features(manifest.cpu_features):
        raise UnsupportedModelError(
            f"{name} was compiled for a processor with {', '.join(map(ascii, lacking[:8]))}, which "
            "this one lacks; compile the network on this machine, or for any of its kind"
        )
    version = runtime.files.version
    if version and not same_release(version, manifest.tvm_version):
        raise UnsupportedModelError(
            f"{name} was compiled by TVM {manifest.tvm_version!a}, the runtime here "
            f"({runtime.files.runtime}) is of {version}: compile the network again, or use the "
            "runtime of the same version"
        )


def load_library(path: Path, runtime: Runtime, name: str) -> Library:
    """Load a library that fits, or hand out the one that is loaded.

    Raises:
        UnsupportedModelError: the system does not load it.
    """
    with loading_alone():
        library = _libraries.get(path)
        if library is None:
            try:
                executable = runtime.ffi.load_module(path, keep_module_alive=False)
            except (RuntimeError, ValueError, OSError) as error:
                raise _refusal(name, path, error) from error
            library = _libraries[path] = Library(executable)
        return library


def _refusal(name: str, path: Path, error: Exception) -> UnsupportedModelError:
    text = one_line(error)
    hint = explain_loading(text)
    if "Operation not permitted" in text or "failed to map" in text:
        hint = f"programs may not be started from there: set {CACHE_VARIABLE} to another folder"
    return UnsupportedModelError(
        f"the library of {name} cannot be loaded from {path} ({text}){hint and f'; {hint}'}"
    )
