"""The impulse around the network, and the samples."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ei_runner_core.demos.objects import DemoObject
from ei_runner_core.impulse import (
    DspBlock,
    ImageInput,
    Impulse,
    NetworkBlock,
    PostProcessingBlock,
)
from ei_runner_core.parameters import ProjectInfo

from ..._training.bundles import clear_samples, write_labels
from ..._training.variants import FILES
from .data import GRID, LABELS, SIZE, Scenes

__all__ = ["FOLDER", "impulse", "objects_of", "write_samples"]

FOLDER = Path(__file__).parents[1]
SAMPLES = 8
THRESHOLD = 0.5
MOST_OBJECTS = 10


def impulse(variant: str) -> Impulse:
    """The impulse around the network, the same for every variant but for its name."""
    return Impulse(
        name=f"scenes {variant}",
        project=ProjectInfo(name="scenes demo"),
        input=ImageInput(width=SIZE, height=SIZE, channels=3, resize_mode="squash"),
        labels=LABELS,
        dsp=(
            DspBlock(
                id=2,
                type="image",
                name="Image",
                outputs=SIZE * SIZE * 3,
                config={"channels": "RGB"},
            ),
        ),
        learn=(NetworkBlock(id=3, name="Scenes", inputs=(2,), files=FILES),),
        postprocessing=(
            PostProcessingBlock(
                id=4,
                type="fomo",
                input=3,
                config={
                    "threshold": THRESHOLD,
                    "out_width": GRID,
                    "out_height": GRID,
                    "object_detection_count": MOST_OBJECTS,
                },
            ),
        ),
        engine="tflite",
    )


def objects_of(scenes: Scenes, index: int) -> list[DemoObject]:
    """The objects of one scene."""
    rows: Any = scenes.objects[scenes.objects[:, 0] == index, 1:].tolist()
    return [DemoObject(LABELS[label], *box) for label, *box in rows]


def write_samples(held_out: Scenes) -> None:
    """Write all held-out scenes compactly, and the first few as PNG files."""
    samples = clear_samples(FOLDER)
    np.savez_compressed(FOLDER / "held_out.npz", images=held_out.images, objects=held_out.objects)
    labels = {}
    for index in range(SAMPLES):
        name = f"scene_{index:03}.png"
        Image.fromarray(held_out.images[index]).save(samples / name, optimize=True)
        labels[name] = [vars(thing) for thing in objects_of(held_out, index)]
    write_labels(FOLDER, labels)
