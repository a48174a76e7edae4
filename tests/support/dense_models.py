"""Models for the backend of a stranger under tests/distributions/dense."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

FEATURES, CLASSES = 6, 3


def weights(seed: int = 1) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(seed)
    return {
        "kernel": generator.normal(size=(FEATURES, CLASSES)).astype(np.float32),
        "bias": generator.normal(size=CLASSES).astype(np.float32),
    }


def expected_scores(window: np.ndarray, seed: int = 1) -> np.ndarray:
    logits = np.asarray(window, np.float32) @ weights(seed)["kernel"] + weights(seed)["bias"]
    scores = np.exp(logits - logits.max())
    return scores / scores.sum()


def impulse_document(**changes: Any) -> dict[str, Any]:
    """A valid impulse.json: two samples of three axes, raw features, one dense network."""
    document: dict[str, Any] = {
        "format": "ei-runner-impulse",
        "version": 1,
        "name": "gestures",
        "project": {"id": 7, "owner": "tests", "name": "dense", "deploy_version": 2},
        "input": {
            "type": "time-series",
            "sensor": "accelerometer",
            "frequency": 50.0,
            "axes": ["x", "y", "z"],
            "samples": 2,
            "slices_per_window": 2,
        },
        "labels": ["idle", "up", "down"],
        "dsp": [{"id": 2, "type": "raw", "outputs": FEATURES, "config": {"scale_axes": 1.0}}],
        "learn": [{"type": "network", "id": 3, "inputs": [2], "files": ["network.dense"]}],
        "postprocessing": [{"id": 4, "type": "classification", "input": 3}],
    }
    return document | changes


def write_bundle(folder: Path, document: dict[str, Any] | None = None, seed: int = 1) -> Path:
    """A bundle in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "impulse.json").write_text(json.dumps(document or impulse_document()))
    with (folder / "network.dense").open("wb") as file:
        np.savez(file, **weights(seed))
    return folder
