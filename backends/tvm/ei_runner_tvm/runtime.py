"""TVM's runtime, loaded once into this process; the compiler is not needed for it."""

from __future__ import annotations

import ctypes
import os
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

from msgspec import Struct

from ei_runner_core import BackendUnavailableError
from ei_runner_core.authoring import one_line
from ei_runner_core.authoring.native_files import explain_loading

from .loading import loading_alone
from .natives import judge_library
from .places import HOME_VARIABLE, RuntimeFiles, find_runtime, installed_libraries

__all__ = ["Runtime", "load_runtime", "loaded_runtime"]

_VIRTUAL_MACHINE = "ffi.Module.load_from_bytes.relax.VMExecutable"
_FFI = b"libtvm_ffi"


class Runtime(Struct, frozen=True):
    """A runtime that is loaded: ``ffi`` is the package that calls it."""

    ffi: ModuleType
    files: RuntimeFiles


_loaded: list[Runtime] = []


def loaded_runtime() -> RuntimeFiles | None:
    """The runtime that is in this process, by whomever it was loaded."""
    if _loaded:
        return _loaded[0].files
    return _files_of_imported_tvm()


def load_runtime(asked: Path | None = None) -> Runtime:
    """Load the runtime, or hand out the one that is loaded.

    Args:
        asked: where the user wants it from; else ``TVM_HOME`` and the installed TVM decide.

    Raises:
        BackendUnavailableError: there is none, it is not for this machine or not one that works
            here, or another one has been loaded before: two of them end a process.
    """
    with loading_alone():
        present = loaded_runtime()
        if present is None:
            _loaded.append(_load(find_runtime(asked)))
        elif asked is not None or os.environ.get(HOME_VARIABLE):
            _check_same(find_runtime(asked), present)
        if not _loaded:
            _loaded.append(_load(present))  # type: ignore[arg-type]  # by an import of tvm
        return _loaded[0]


def _files_of_imported_tvm() -> RuntimeFiles | None:
    if sys.modules.get("tvm") is None:
        return None
    return find_runtime(installed_libraries())


def _check_same(wanted: RuntimeFiles, present: RuntimeFiles) -> None:
    if not wanted.runtime.samefile(present.runtime):
        raise BackendUnavailableError(
            f"this process has loaded TVM's runtime {present.runtime} and cannot have "
            f"{wanted.runtime} beside it: use one of them, or another process"
        )


def _load(files: RuntimeFiles) -> Runtime:
    libraries = [path for path in (files.runtime, files.extra) if path]
    for path in libraries:
        _check_library(path)
    ffi = _import_ffi()
    if not _has_virtual_machine(ffi):  # unless somebody else has loaded it
        for path in libraries:
            _load_library(path)
    if not _has_virtual_machine(ffi):
        raise BackendUnavailableError(
            f"{files.runtime} is a runtime of TVM without its virtual machine: build it with "
            "relax, or use that of apache-tvm"
        )
    return Runtime(ffi, files)


def _has_virtual_machine(ffi: ModuleType) -> bool:
    return ffi.get_global_func(_VIRTUAL_MACHINE, allow_missing=True) is not None


def _load_library(path: Path) -> None:
    try:
        ctypes.CDLL(str(path), ctypes.RTLD_GLOBAL)
    except OSError as error:
        raise BackendUnavailableError(_why_not_loaded(path, error)) from error


def _import_ffi() -> ModuleType:
    # Where PyTorch is installed, the import would run a compiler for the sake of its tensors.
    os.environ.setdefault("TVM_FFI_DISABLE_TORCH_C_DLPACK", "1")
    try:
        return import_module("tvm_ffi")
    except (ImportError, OSError, AttributeError, RuntimeError) as error:
        raise BackendUnavailableError(
            f"tvm_ffi cannot be imported ({one_line(error)}); install it anew with: "
            "pip install --force-reinstall apache-tvm-ffi"
        ) from error


def _check_library(path: Path) -> None:
    """Refuse what is no library for this process, before it is loaded."""
    try:
        with path.open("rb") as file:
            verdict = judge_library(file)
            file.seek(0)
            is_of_ffi = _FFI in file.read()
    except OSError as error:
        raise BackendUnavailableError(f"cannot read TVM's runtime {path}: {error}") from error
    if not verdict:
        raise BackendUnavailableError(
            f"TVM's runtime {path} {verdict.damage or verdict.misfit}; get the one for this machine"
        )
    if not is_of_ffi:
        raise BackendUnavailableError(
            f"{path} is no runtime of a TVM that is built upon libtvm_ffi, as those since 0.22 "
            "are; use that of apache-tvm"
        )


def _why_not_loaded(path: Path, error: OSError) -> str:
    text = one_line(error)
    hint = explain_loading(text)
    if "undefined symbol" in text:
        hint = "it does not fit this apache-tvm-ffi: upgrade that, or TVM"
    return f"TVM's runtime {path} cannot be loaded ({text}){hint and f'; {hint}'}"
