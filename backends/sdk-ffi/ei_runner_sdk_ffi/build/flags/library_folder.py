"""Where prebuilt libraries of TensorFlow Lite and its headers are looked for."""

from __future__ import annotations

from pathlib import Path

from ..options import BuildOptions
from ..targets import Target
from .demands import needs_linked
from .parts import Context

__all__ = ["c_library", "header_folder", "libraries_folder", "library_folder", "spelled"]


def libraries_folder(root: Path, options: BuildOptions) -> Path:
    """The folder ``tflite``: the one of the options, of the export or of the working directory."""
    if options.ei_tflite_dir:
        return options.ei_tflite_dir
    in_export, here = root / "tflite", Path.cwd() / "tflite"
    return here if here.is_dir() and not in_export.is_dir() else in_export


def library_folder(root: Path, options: BuildOptions, target: Target) -> Path:
    """The folder with the libraries for a target; the usual name of it where there is none."""
    above = libraries_folder(root, options)
    names = target.tflite or (target.name,)
    return next((above / name for name in names if (above / name).is_dir()), above / names[0])


def c_library(context: Context) -> Path | None:
    """TensorFlow Lite's library with a C interface, where the folder holds it.

    Code for vendors' engines needs the C++ interface.
    """
    if needs_linked(context.options):
        return None
    folder = library_folder(context.export.root, context.options, context.target)
    library = folder / f"libtensorflowlite_c{context.target.library_suffix}"
    return library if library.is_file() else None


def header_folder(context: Context) -> Path:
    """The folder ``tensorflow-lite`` with its C++ headers: in the export or near the libraries."""
    root = context.export.root
    tflite = libraries_folder(root, context.options)
    places = [root, tflite, tflite.parent]
    found = (place for place in places if (place / "tensorflow-lite").is_dir())
    return next(found, root) / "tensorflow-lite"


def spelled(path: Path, root: Path) -> str:
    """A path as an argument: relative in the export, where the compilers run."""
    return f"./{path.relative_to(root).as_posix()}" if path.is_relative_to(root) else str(path)
