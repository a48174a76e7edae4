"""Real exports, which may not be part of this repository: those below a folder of the user's.

``EI_RUNNER_EXPORTS=FOLDER`` names it; an export is a folder or zip in it. What is known about the
export ``NAME`` stands beside it:

* ``NAME.npz``: the answers of its ``.eim``, with the windows ``input_K`` and as JSON ``hello`` (its
  hello reply), ``expected`` (its answer to each window), where they were recorded ``astro_json``
  (those to crops of a photo) and ``continuous_json`` (those to slices);
* ``NAME.sdk``: a folder with the C++ SDK of that ``.eim``, where that was not the export's own.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

__all__ = [
    "FOLDER",
    "STEPS",
    "Answer",
    "Recording",
    "Stream",
    "assert_alike",
    "best_of",
    "exports",
    "is_clear",
    "needs_exports",
    "read_recording",
    "recorded",
    "sdk_of",
    "step_of",
    "unrecorded",
]

FOLDER = os.environ.get("EI_RUNNER_EXPORTS")
STEPS = 2  # by which quantised scores may be off where other kernels round sums elsewhere
needs_exports = pytest.mark.skipif(not FOLDER, reason="EI_RUNNER_EXPORTS names no folder")

Answer = dict[str, Any]  # the "result" of an answer of the EIM protocol


@dataclass(frozen=True)
class Stream:
    """Slices as they were sent, and the answers from the first whole window on."""

    slices: tuple[np.ndarray, ...]
    answers: tuple[Answer, ...]


@dataclass(frozen=True)
class Recording:
    """What an ``.eim`` said about itself, and to each window."""

    hello: dict[str, Any]
    windows: tuple[np.ndarray, ...]
    answers: tuple[Answer, ...]
    stream: Stream | None


# ------------------------------------------------------------------------------ what is there


def exports() -> list[Any]:
    """Every export, as parameters of a test."""
    return [pytest.param(path, id=path.name) for path in _paths()]


def recorded() -> list[Any]:
    """Those with recorded answers."""
    return [pytest.param(path, id=path.name) for path in _paths() if _recording(path).is_file()]


def unrecorded() -> list[Any]:
    """Those without."""
    return [pytest.param(path, id=path.name) for path in _paths() if not _recording(path).is_file()]


def sdk_of(path: Path) -> Path | None:
    """The SDK of the ``.eim``, where that was not the export's own."""
    folder = path.with_name(f"{path.stem}.sdk")
    return folder if folder.is_dir() else None


def _paths() -> list[Path]:
    found = sorted(Path(FOLDER).iterdir()) if FOLDER else []
    return [p for p in found if p.suffix == ".zip" or (p.is_dir() and p.suffix != ".sdk")]


def _recording(path: Path) -> Path:
    return path.with_name(f"{path.stem}.npz")


def read_recording(path: Path) -> Recording:
    """What stands beside an export."""
    with np.load(_recording(path), allow_pickle=False) as file:
        texts = {n: json.loads(str(file[n])) for n in file.files if file[n].dtype.kind == "U"
                 and n != "origin"}  # fmt: skip
        windows = {name: file[name] for name in file.files if name.startswith("input_")}
    rows = [(row["input"], row["eim"]["result"]) for row in texts["expected"]]
    rows += [
        (row["input"].removesuffix(".npy"), row["classify"]["result"])
        for row in texts.get("astro_json", ())
    ]
    return Recording(
        texts["hello"],
        tuple(windows[name] for name, _ in rows),
        tuple(answer for _, answer in rows),
        _stream(texts["continuous_json"], windows) if "continuous_json" in texts else None,
    )


def _stream(recorded: dict[str, Any], windows: dict[str, np.ndarray]) -> Stream:
    """The stream is made of the first three windows; it has no answer until one is complete."""
    samples = np.concatenate([windows[f"input_{number}"] for number in range(3)])
    answers = tuple(reply["result"] for reply in recorded["responses"])
    slices = samples.reshape(-1, recorded["slice_size"])[: len(answers)]
    first = len(windows["input_0"]) // recorded["slice_size"] - 1
    return Stream(tuple(slices), answers[first:])


# ------------------------------------------------------------------------------- comparing


def assert_alike(expected: Answer, found: Answer, *, anomaly: float) -> list[float]:
    """Hold an answer against the recorded one.

    Args:
        expected: what was recorded.
        found: the answer. It has to have the same parts, labels and boxes.
        anomaly: how far the anomaly score may be off, relative (absolute where it is below 1).

    Returns:
        How far each score is off.
    """
    assert found.keys() == expected.keys()
    if "anomaly" in expected:
        assert found["anomaly"] == pytest.approx(expected["anomaly"], rel=anomaly, abs=anomaly)
    boxes, right = _boxes(found), _boxes(expected)
    assert boxes.keys() == right.keys()
    scores, wanted = found.get("classification", {}), expected.get("classification", {})
    assert scores.keys() == wanted.keys()
    pairs = [(boxes[key], right[key]) for key in right]
    pairs += [(scores[label], wanted[label]) for label in wanted]
    return [abs(one - other) for one, other in pairs]


def _boxes(answer: Answer) -> dict[tuple[Any, ...], float]:
    keys = ("label", "x", "y", "width", "height")
    return {
        tuple(box[key] for key in keys): box["value"] for box in answer.get("bounding_boxes", ())
    }


def best_of(answer: Answer) -> str | None:
    """The best label, if there are some."""
    scores = answer.get("classification", {})
    return max(scores, key=scores.get) if scores else None


def is_clear(answer: Answer, margin: float) -> bool:
    """Whether the best label is more than a margin ahead of the second."""
    best = sorted(answer.get("classification", {}).values())[-2:]
    return len(best) < 2 or best[1] - best[0] > margin


def step_of(network: bytes) -> float:
    """One step of the scores of a quantised network, whose output may be float all the same."""
    library = pytest.importorskip("ai_edge_litert.interpreter")
    interpreter = library.Interpreter(model_content=network)
    shape = tuple(interpreter.get_output_details()[0]["shape"])
    scales = [
        tensor["quantization"][0]
        for tensor in interpreter.get_tensor_details()
        if tensor["dtype"] is np.int8 and tuple(tensor["shape"]) == shape
    ]
    return float(scales[-1]) if scales else 0.0
