"""C++ exports for the tests: one small SDK of our own, and models of every generation for it.

``backends/sdk-ffi/tests/exports`` holds the SDK and a network as code, ``ffi_export_recipes`` lists
the models, ``ffi_export_headers`` writes their headers, and :func:`write_export` makes a whole
export of all that. What a model answers can be computed in a line of NumPy: see the functions at
the end.
"""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from ffi_export_headers import GOLDEN, model_files
from ffi_export_recipes import GENERATIONS, TASKS, Recipe

if TYPE_CHECKING:
    from ei_runner_sdk_ffi.build.pipeline import BuiltLibrary

__all__ = [
    "FAST",
    "FAULTS",
    "GENERATIONS",
    "GOLDEN",
    "TASKS",
    "Recipe",
    "build_library",
    "energies_of",
    "image_of",
    "scores_of",
    "write_export",
    "zip_export",
]

HERE = Path(__file__).parents[2] / "backends" / "sdk-ffi" / "tests"
SOURCES = HERE / "exports"
COMMON_H = HERE / "native" / "edge-impulse-sdk" / "tensorflow" / "lite" / "c" / "common.h"

FAST = {"cflags": "-O0"}
"""Options of builds whose speed does not matter: they take half of the time."""

FAULTS = {
    "abort": 1_000_001,
    "crash": 1_000_002,
    "hang": 1_000_003,
    "throw": 1_000_004,
    "throw a number": 1_000_005,
    "fail": 1_000_006,
    "print": 1_000_007,
    "fail with an unknown code": 1_000_008,
    "print much": 1_000_009,
}
"""First values of a window of ``motion`` that make the network misbehave."""


def write_export(
    folder: Path, recipe: Recipe | None = None, changes: Mapping[str, str] | None = None
) -> Path:
    """Write an export, and return its folder.

    Args:
        folder: where to; made if it is missing.
        recipe: what to write; by default the newest model of motion.
        changes: other contents of files by their path in the export; empty ones are removed.
    """
    recipe = recipe or Recipe()
    top = folder / "src" if recipe.layout == "arduino" else folder
    shutil.copytree(SOURCES, top, dirs_exist_ok=True)
    sdk = top / "edge-impulse-sdk"
    common = sdk / "tensorflow" / "lite" / "c" / "common.h"
    common.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(COMMON_H, common)
    if recipe.generation < 2026:
        (sdk / "classifier/postprocessing/ei_postprocessing_thresholds.h").unlink()
    if recipe.layout == "arduino":
        shutil.rmtree(sdk / "porting" / "posix")
        (folder / "library.properties").write_text("name=small_inferencing\n")
    for name, content in model_files(recipe).items():
        _write(top / name, content)
    for name, text in (changes or {}).items():
        _write(top / name, text.encode()) if text else (top / name).unlink()
    return folder


def zip_export(folder: Path, target: Path, inside: str = "") -> Path:
    """Put an export into a zip, perhaps below a folder; equal exports make equal zips."""
    with zipfile.ZipFile(target, "w") as archive:
        for path in filter(Path.is_file, sorted(folder.rglob("*"))):
            entry = zipfile.ZipInfo((Path(inside) / path.relative_to(folder)).as_posix())
            archive.writestr(entry, path.read_bytes())
    return target


def build_library(path: Path) -> BuiltLibrary:
    """Compile an export with the options ``FAST``, or find what was compiled before."""
    from ei_runner_sdk_ffi.build.exports import build_export
    from ei_runner_sdk_ffi.build.options import BuildOptions

    return build_export(path, BuildOptions(**FAST)).library


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


# ----------------------------------------------------------------------------- the right answers


def scores_of(labels: Iterable[str], features: np.ndarray) -> dict[str, float]:
    """What the network of code says: the softmax of the means of the parts."""
    labels = tuple(labels)
    part = len(features) // len(labels)
    raw = np.exp(
        features[: part * len(labels)].astype(np.float64).reshape(len(labels), part).mean(1)
    )
    return dict(zip(labels, map(float, raw / raw.sum()), strict=True))


def energies_of(window: np.ndarray, slices: int = 4) -> np.ndarray:
    """The features of ``mfe``: the mean energy of each slice."""
    return (window.astype(np.float64).reshape(slices, -1) ** 2).mean(1)


def image_of(bright: Mapping[tuple[int, int], int], size: tuple[int, int] = (8, 6)) -> np.ndarray:
    """A window of pixels: black, but for some of a given level of grey at (x, y)."""
    levels = np.zeros((size[1], size[0]), np.uint32)
    for (x, y), level in bright.items():
        levels[y, x] = level
    return (levels * 0x010101).astype(np.float32).reshape(-1)
