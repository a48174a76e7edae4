"""BasicMotions as the package aeon ships it: recordings of a smart watch."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["AXES", "LABELS", "RATE", "Recordings", "load"]

AXES = ("accX", "accY", "accZ", "gyrX", "gyrY", "gyrZ")
LABELS = ("badminton", "running", "standing", "walking")
RATE = 10.0


class Recordings(NamedTuple):
    """Ten seconds each, float32 of shape (n, 100, 6), and what they show, uint8 of shape (n,)."""

    values: npt.NDArray[np.float32]
    labels: npt.NDArray[np.uint8]


def load(part: str) -> Recordings:
    """The 40 recordings of a part: TRAIN or TEST."""
    lines = _path(part).read_text(encoding="utf-8").splitlines()
    cases = [line.split(":") for line in lines if line and line[0] not in "#@"]
    values = [np.array([axis.split(",") for axis in axes], np.float32).T for *axes, _ in cases]
    labels = [LABELS.index(label.lower()) for *_, label in cases]
    return Recordings(np.stack(values), np.array(labels, np.uint8))


def _path(part: str) -> Path:
    found = find_spec("aeon")  # importing it would need much more than its data
    if found is None or not found.submodule_search_locations:
        raise SystemExit("the data comes with aeon: pip install --no-deps aeon==1.6.0")
    package = Path(found.submodule_search_locations[0])
    return package / "datasets" / "data" / "BasicMotions" / f"BasicMotions_{part}.ts"
