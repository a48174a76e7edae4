"""The impulse around the network and the clusters, and the samples."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ei_runner_core.demos.answers import ANOMALY
from ei_runner_core.impulse import (
    DspBlock,
    Impulse,
    KMeansBlock,
    NetworkBlock,
    PostProcessingBlock,
    TimeSeriesInput,
)
from ei_runner_core.parameters import ProjectInfo

from ..._training.bundles import clear_samples, write_labels
from ..._training.variants import FILES
from .data import LENGTH
from .features import CONFIG, VERSION
from .recordings import AXES, LABELS, RATE, Recordings

__all__ = ["FOLDER", "impulse", "write_samples"]

FOLDER = Path(__file__).parents[1]
SAMPLES_PER_LABEL = 2
ODD_STEP = 4  # the odd windows come in groups of so many; one of each is shown

Windows = npt.NDArray[np.float32]


def impulse(variant: str, clusters: KMeansBlock, outputs: int) -> Impulse:
    """The impulse, the same for every variant but for its name."""
    return Impulse(
        name=f"motion {variant}",
        project=ProjectInfo(name="motion demo"),
        input=TimeSeriesInput(sensor="fusion", axes=AXES, samples=LENGTH, frequency=RATE),
        labels=LABELS,
        dsp=(
            DspBlock(
                id=2,
                type="spectral_analysis",
                name="Spectral features",
                outputs=outputs,
                version=VERSION,
                config=CONFIG,
            ),
        ),
        learn=(NetworkBlock(id=3, name="Motion", inputs=(2,), files=FILES), clusters),
        postprocessing=(PostProcessingBlock(id=5, type="classification", input=3),),
        anomaly="kmeans",
        engine="tflite",
    )


def write_samples(held_out: Recordings, odd: Windows) -> None:
    """Write all held-out windows compactly, and some of each kind as CSV files.

    Those of a motion are the second halves of its first recordings: in their first seconds, people
    are still getting ready.
    """
    samples = clear_samples(FOLDER)
    windows, labels = held_out
    np.savez_compressed(FOLDER / "held_out.npz", windows=windows, labels=labels, odd=odd)
    answers = {}
    for name, label, window in _shown(held_out, odd):
        _write_csv(samples / name, window)
        answers[name] = label
    write_labels(FOLDER, answers)


def _shown(held_out: Recordings, odd: Windows) -> Iterator[tuple[str, str, Windows]]:
    """Name, label and window of each sample."""
    for code, label in enumerate(LABELS):
        for index in np.flatnonzero(held_out.labels == code)[1::2][:SAMPLES_PER_LABEL]:
            yield f"{label}_{index:03}.csv", label, held_out.values[index]
    for index in range(0, len(odd), ODD_STEP):
        yield f"odd_{index:03}.csv", ANOMALY, odd[index]


def _write_csv(path: Path, window: Windows) -> None:
    rows = [",".join(("timestamp", *AXES))]
    for i, values in enumerate(window):
        rows.append(",".join((f"{1000 * i / RATE:g}", *(f"{value:.6g}" for value in values))))
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
