"""The two forms of a trained network, written and scored in the same way for every demo."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ei_runner_core import EdgeImpulseModel
from ei_runner_core.impulse import Impulse

from .bundles import write_bundle
from .conversion import to_tflite
from .onnx_form import to_onnx

__all__ = ["FILES", "VARIANTS", "networks", "score_rows", "write_variants"]

VARIANTS = ("float32", "int8")
FILES = ("network.tflite", "network.onnx")
_ENGINES = (("full-tflite", "LiteRT"), ("onnx", "ONNX Runtime"))


def networks(
    network: Any, name: str, tensors: tuple[str, str], calibration: npt.NDArray[np.float32]
) -> Iterator[tuple[str, dict[str, bytes]]]:
    """The files of the networks for each variant.

    Args:
        network: the trained Keras model.
        name: of the graph in the ``.onnx``.
        tensors: the names of its input and its output.
        calibration: typical inputs for int8, shape (n, ...).
    """
    for variant, typical in zip(VARIANTS, (None, calibration), strict=True):
        tflite = to_tflite(network, tensors[0], typical)
        yield variant, dict(zip(FILES, (tflite, to_onnx(tflite, name, *tensors)), strict=True))


def write_variants(
    folder: Path,
    network: Any,
    tensors: tuple[str, str],
    calibration: npt.NDArray[np.float32],
    impulse: Callable[[str], Impulse],
) -> None:
    """Write one bundle for each variant; ``impulse`` makes what stands around the network."""
    for variant, files in networks(network, folder.name, tensors, calibration):
        write_bundle(folder / variant, impulse(variant), files)


def score_rows(
    folder: Path, columns: Sequence[str], score: Callable[[EdgeImpulseModel], Sequence[str]]
) -> list[str]:
    """A table in Markdown: for each file what the whole library makes of it on its engine."""
    head = ("file", "bytes", "engine", *columns)
    marks = ("---", "---:", "---", *("---:" for _ in columns))
    rows = [head, marks, *_rows(folder, score)]
    return [f"| {' | '.join(row)} |" for row in rows]


def _rows(
    folder: Path, score: Callable[[EdgeImpulseModel], Sequence[str]]
) -> Iterator[tuple[str, ...]]:
    for variant in VARIANTS:
        for name, (backend, engine) in zip(FILES, _ENGINES, strict=True):
            path = folder / variant / name
            with EdgeImpulseModel(folder / variant, backend=backend) as model:
                size = f"{path.stat().st_size:,}"
                yield f"{variant}/{name}", size, engine, *score(model)
