"""The impulse around the network, and the samples."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

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
from .data import DIGITS, SIZE, Digits

__all__ = ["FOLDER", "impulse", "write_samples"]

FOLDER = Path(__file__).parents[1]
SAMPLES_PER_DIGIT = 4


def impulse(variant: str) -> Impulse:
    """The impulse around the network, the same for every variant but for its name."""
    return Impulse(
        name=f"digits {variant}",
        project=ProjectInfo(name="digits demo"),
        input=ImageInput(width=SIZE, height=SIZE, channels=1, resize_mode="squash"),
        labels=tuple(map(str, DIGITS)),
        dsp=(
            DspBlock(
                id=2,
                type="image",
                name="Image",
                outputs=SIZE * SIZE,
                config={"channels": "Grayscale"},
            ),
        ),
        learn=(NetworkBlock(id=3, name="Digits", inputs=(2,), files=FILES),),
        postprocessing=(PostProcessingBlock(id=4, type="classification", input=3),),
        engine="tflite",
    )


def write_samples(held_out: Digits) -> None:
    """Write all held-out images compactly, and the first few of each digit as PNG files."""
    samples = clear_samples(FOLDER)
    np.savez_compressed(FOLDER / "held_out.npz", images=held_out.images, labels=held_out.labels)
    labels = {}
    for digit in DIGITS:
        for index in np.flatnonzero(held_out.labels == digit)[:SAMPLES_PER_DIGIT]:
            name = f"{digit}_{index:03}.png"
            Image.fromarray(held_out.images[index]).save(samples / name, optimize=True)
            labels[name] = str(digit)
    write_labels(FOLDER, labels)
