"""The backend keeps what every impulse backend promises, for exports and for built libraries."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from ffi_exports import (
    FAST,
    TASKS,
    Recipe,
    build_library,
    energies_of,
    image_of,
    scores_of,
    write_export,
    zip_export,
)

from ei_runner_core.testing import ImpulseBackendSuite, ImpulseCase

MOTION = np.linspace(-1, 2, 12, dtype=np.float32)
SOUND = np.linspace(-2, 1, 64, dtype=np.float32)
IMAGE = image_of({(1, 1): 204, (5, 2): 255})
OF_MOTION = {"classification": scores_of(TASKS["motion"].labels, MOTION), "anomaly": 0.5}
OF_SOUND = {"classification": scores_of(TASKS["sounds"].labels, energies_of(SOUND))}
BOXES = [
    {"label": label, "value": value, "x": x, "y": y, "width": 1, "height": 1}
    for label, value, x, y in (("dog", 0.8, 1, 1), ("cat", 1.0, 5, 2))
]


def motion_of_2026(folder: Path) -> Path:
    return zip_export(write_export(folder / "motion"), folder / "motion.zip")


def sounds_of_2021(folder: Path) -> Path:
    built = build_library(write_export(folder / "sounds", Recipe("sounds", 2021)))
    return Path(shutil.copy(built.path, folder / "sounds.so"))


def objects_of_2024(folder: Path) -> Path:
    recipe = Recipe("objects", 2024, layout="arduino")
    return zip_export(write_export(folder / "objects", recipe), folder / "objects.zip", "library")


@pytest.mark.requires("compiler")
class TestSdkFfi(ImpulseBackendSuite):
    backend = "sdk-ffi"
    options = FAST

    def cases(self) -> list[ImpulseCase]:
        return [
            ImpulseCase("motion", motion_of_2026, MOTION, OF_MOTION),
            ImpulseCase("sounds", sounds_of_2021, SOUND, OF_SOUND),
            ImpulseCase("objects", objects_of_2024, IMAGE, {"bounding_boxes": BOXES}),
        ]
