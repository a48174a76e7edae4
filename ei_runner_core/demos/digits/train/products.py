"""The files of the demo: bundles and samples."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from ei_runner_core.impulse import (
    DspBlock,
    ImageInput,
    Impulse,
    NetworkBlock,
    PostProcessingBlock,
    dump_impulse,
)
from ei_runner_core.parameters import ProjectInfo

from .data import DIGITS, SIZE, Digits

__all__ = ["FOLDER", "write_bundle", "write_samples"]

FOLDER = Path(__file__).parents[1]
SAMPLES_PER_DIGIT = 4


def impulse(variant: str, files: tuple[str, ...]) -> Impulse:
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
        learn=(NetworkBlock(id=3, name="Digits", inputs=(2,), files=files),),
        postprocessing=(PostProcessingBlock(id=4, type="classification", input=3),),
        engine="tflite",
    )


def write_bundle(variant: str, networks: Mapping[str, bytes]) -> None:
    """Write the files of a bundle; the networks are the same one in several formats."""
    bundle = FOLDER / variant
    bundle.mkdir(exist_ok=True)
    document = dump_impulse(impulse(variant, tuple(networks)))
    bundle.joinpath("impulse.json").write_text(document, encoding="utf-8")
    for name, content in networks.items():
        bundle.joinpath(name).write_bytes(content)


def write_samples(held_out: Digits) -> None:
    """Write all held-out images compactly, and the first few of each digit as PNG files."""
    samples = FOLDER / "samples"
    samples.mkdir(exist_ok=True)
    for old in samples.glob("*.png"):
        old.unlink()
    np.savez_compressed(FOLDER / "held_out.npz", images=held_out.images, labels=held_out.labels)
    labels = {}
    for digit in DIGITS:
        for index in np.flatnonzero(held_out.labels == digit)[:SAMPLES_PER_DIGIT]:
            name = f"{digit}_{index:03}.png"
            Image.fromarray(held_out.images[index]).save(samples / name, optimize=True)
            labels[name] = str(digit)
    (FOLDER / "labels.json").write_text(json.dumps(labels, indent=2) + "\n", "utf-8")
