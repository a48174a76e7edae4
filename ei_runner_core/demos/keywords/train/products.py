"""The impulse around the network, and the samples."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ei_runner_core.impulse import (
    DspBlock,
    Impulse,
    NetworkBlock,
    PostProcessingBlock,
    TimeSeriesInput,
)
from ei_runner_core.parameters import ProjectInfo

from ..._training.bundles import clear_samples, write_labels
from ..._training.variants import FILES
from .data import LABELS, RATE, Windows
from .network import FEATURES, MFCC, VERSION

__all__ = ["FOLDER", "impulse", "write_samples"]

FOLDER = Path(__file__).parents[1]


def impulse(variant: str) -> Impulse:
    """The impulse around the network, the same for every variant but for its name."""
    return Impulse(
        name=f"keywords {variant}",
        project=ProjectInfo(name="keywords demo"),
        input=TimeSeriesInput(sensor="microphone", axes=("audio",), samples=RATE, frequency=RATE),
        labels=LABELS,
        dsp=(
            DspBlock(
                id=2,
                type="mfcc",
                name="MFCC",
                outputs=FEATURES,
                version=VERSION,
                config=dict(MFCC),
            ),
        ),
        learn=(NetworkBlock(id=3, name="Keywords", inputs=(2,), files=FILES),),
        postprocessing=(PostProcessingBlock(id=4, type="classification", input=3),),
        engine="tflite",
    )


def write_samples(held_out: Windows) -> None:
    """Write the windows compactly, and the first one of each label as a WAV file."""
    samples = clear_samples(FOLDER)
    np.savez_compressed(FOLDER / "held_out.npz", **held_out._asdict())
    labels = {}
    for code, label in enumerate(LABELS):
        index = int(np.flatnonzero(held_out.labels == code)[0])
        name = f"{label}_{index:03}.wav"
        _write_wav(samples / name, held_out.windows[index])
        labels[name] = label
    write_labels(FOLDER, labels)


def _write_wav(path: Path, window: npt.NDArray[np.int16]) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(window.astype("<i2").tobytes())
