"""Where a runtime of TVM is: its libraries on disk, found without loading anything."""

from __future__ import annotations

import importlib.util
import os
import re
import sys
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path

from msgspec import Struct

from ei_runner_core import BackendUnavailableError

from .messages import shortened

__all__ = [
    "HOME_VARIABLE",
    "RuntimeFiles",
    "VERSION_FILE",
    "compiler_version",
    "find_runtime",
    "installed_libraries",
    "library_names",
    "same_release",
]

HOME_VARIABLE = "TVM_HOME"
VERSION_FILE = "tvm_version.txt"
"""Beside copied libraries, which do not tell their version themselves."""

_BELOW_HOME = ("", "lib", "build", "build/lib", "build_runtime", "build_runtime/lib")
_VERSION_MODULE = Path("python/tvm/_version.py")
_VERSION = re.compile(r"^__version__\s*=.*?['\"]([^'\"]+)['\"]", re.MULTILINE)
_HOW = (
    "install it with: pip install 'ei-runner[tvm]'; or for the runtime alone make a folder with: "
    "python -m ei_runner_tvm.copy_runtime FOLDER --wheel WHEEL_OF_APACHE_TVM, and name it in "
    f"{HOME_VARIABLE}, or in the option 'runtime'"
)


class RuntimeFiles(Struct, frozen=True):
    """The libraries of one runtime.

    ``extra`` has the functions that few networks need, such as sorting; a runtime that was built as
    one library has none. ``version`` is empty where nothing tells it.
    """

    runtime: Path
    extra: Path | None
    version: str

    @property
    def folder(self) -> Path:
        """Where they are."""
        return self.runtime.parent


def library_names(system: str = sys.platform) -> tuple[str, str]:
    """The file names of the runtime and of its extra functions on a system."""
    suffix = "dylib" if system == "darwin" else "so"
    return f"libtvm_runtime.{suffix}", f"libtvm_runtime_extra.{suffix}"


def find_runtime(
    asked: Path | None = None, environment: Mapping[str, str] = os.environ
) -> RuntimeFiles:
    """The runtime that was asked for, else that of ``TVM_HOME``, else of the installed TVM.

    Args:
        asked: a library, or a folder in which or below which it is.
        environment: the variables of this process.

    Raises:
        BackendUnavailableError: there is none.
    """
    if asked is not None:
        return _below(asked, f"the option 'runtime' of tvm names {asked}")
    if home := environment.get(HOME_VARIABLE):
        return _below(_expanded(home), f"{HOME_VARIABLE} names {home}")
    folder = installed_libraries()
    files = _files_in(folder) if folder else None
    if files is None:
        raise BackendUnavailableError(f"TVM is not installed, not even its runtime; {_HOW}")
    return files


def installed_libraries() -> Path | None:
    """The folder of the libraries of the installed TVM, which is not imported."""
    try:
        spec = importlib.util.find_spec("tvm")
    except (ImportError, ValueError):
        return None
    places = spec.submodule_search_locations if spec else None
    for package in map(Path, places or ()):
        for folder in (package / "lib", *_below_source(package)):
            if (folder / library_names()[0]).is_file():
                return folder
    return None


def compiler_version() -> str:
    """The version of the installed TVM, with its compiler; empty without one."""
    folder = installed_libraries()
    has_compiler = folder and any(folder.glob("libtvm_compiler.*"))
    return _version_of(folder) if folder and has_compiler else ""


def same_release(version: str, other: str) -> bool:
    """Whether two versions are of one release, such as 0.27.0 and 0.27.0.post1."""
    return _release(version) == _release(other)


def _release(version: str) -> list[str]:
    return version.split(".")[:2]


def _below_source(package: Path) -> Iterator[Path]:
    """The build folders of the sources that a package was not installed from, but is in."""
    root = package.parent.parent
    return (root / folder for folder in _BELOW_HOME[1:])


def _below(place: Path, whose: str) -> RuntimeFiles:
    library, _ = library_names()
    folders = [place.parent] if place.is_file() else [place / below for below in _BELOW_HOME]
    for folder in folders:
        if files := _files_in(folder, home=place):
            return files
    if place.is_file():
        raise BackendUnavailableError(f"{whose}, which is not {library}; {_HOW}")
    missing = "which has no" if place.is_dir() else "which is no folder: there is no"
    raise BackendUnavailableError(
        f"{whose}, {missing} {library}, neither in it nor in its folders "
        f"{', '.join(_BELOW_HOME[1:])}; {_HOW}"
    )


def _files_in(folder: Path, home: Path | None = None) -> RuntimeFiles | None:
    runtime, extra = (folder / name for name in library_names())
    if not runtime.is_file():
        return None
    version = _version_of(folder, home)
    return RuntimeFiles(runtime.resolve(), extra.resolve() if extra.is_file() else None, version)


def _version_of(folder: Path, home: Path | None = None) -> str:
    if (note := folder / VERSION_FILE).is_file():
        return note.read_text("utf-8", "replace").strip()
    for root in (home, folder.parent, folder.parent.parent):
        if root and (module := root / _VERSION_MODULE).is_file():
            found = _VERSION.search(module.read_text("utf-8", "replace"))
            return found[1] if found else ""
    installed = installed_libraries() if home else folder
    if installed is None or not installed.samefile(folder):
        return ""
    try:
        return metadata.version("apache-tvm")
    except metadata.PackageNotFoundError:
        return ""


def _expanded(path: str) -> Path:
    try:
        place = Path(path).expanduser().absolute()
        place.exists()  # which raises if it is too long
    except (OSError, RuntimeError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise BackendUnavailableError(
            f"{HOME_VARIABLE}={shortened(path, 200)} cannot be: {why}"
        ) from error
    return place
