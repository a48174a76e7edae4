"""Make a small bundle for Akida: ``python make_digits.py FOLDER``.

One layer of 4-bit weights that reads the handwritten digits of ``ei-runner demo``. It is trained in
NumPy on half of the demo's held-out images, always to the same weights.
"""

from __future__ import annotations

import argparse
import json
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ei_runner_core.demos import demo

INPUT_LEVELS, MOST_WEIGHT = 15, 7  # of 4 bits: unsigned inputs, signed weights
STEPS, RATE, DECAY = 400, 0.5, 1e-3

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


def digits() -> tuple[Integers, Integers]:
    """All images as Akida gets them, shape (n, 64), 0 to 15, and their labels, shape (n,)."""
    held_out = np.load(demo("digits").held_out)
    levels = np.rint(held_out["images"].reshape(-1, 64) / 255 * INPUT_LEVELS)
    return levels.astype(np.int64), held_out["labels"].astype(np.int64)


def train(images: Integers, labels: Integers) -> tuple[Integers, float]:
    """Weights of 4 bits, shape (64, 10), and how many steps of a product make 1 in a potential."""
    inputs, right = images / INPUT_LEVELS, np.eye(10)[labels]
    weights = np.zeros((64, 10))
    for _ in range(STEPS):
        error = softmax(inputs @ weights) - right
        weights -= RATE * (inputs.T @ error / len(inputs) + DECAY * weights)
    step = float(np.abs(weights).max()) / MOST_WEIGHT
    return np.rint(weights / step).astype(np.int64), INPUT_LEVELS / step


def softmax(potentials: Floats) -> Floats:
    """Scores that add up to 1, over the last axis."""
    powers = np.exp(potentials - potentials.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def network(weights: Integers, step: float) -> Any:
    """The same as a model of Akida."""
    akida = import_module("akida")
    model = akida.Model()
    model.add(akida.InputData((8, 8, 1), input_bits=4))
    model.add(akida.FullyConnected(10, weights_bits=4, activation=False, name="scores"))
    by_columns = weights.reshape(8, 8, 10).swapaxes(0, 1)  # this layer reads images by columns
    (layer,) = model.layers[1:]
    layer.set_variable("weights", by_columns.reshape(1, 1, 64, 10).astype(np.int8))
    layer.set_variable("act_step", np.full(10, step, np.float32))
    return model


def write_bundle(folder: Path) -> None:
    """Train on every other image, and write ``digits.fbz`` and the ``impulse.json`` around it."""
    images, labels = digits()
    folder.mkdir(parents=True, exist_ok=True)
    network(*train(images[::2], labels[::2])).save(str(folder / "digits.fbz"))
    impulse = json.loads((demo("digits").model() / "impulse.json").read_text(encoding="utf-8"))
    impulse["name"] = "digits akida"
    impulse["learn"][0]["files"] = ["digits.fbz"]
    (folder / "impulse.json").write_text(json.dumps(impulse, indent=2), encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where to put the bundle")
    write_bundle(parser.parse_args().folder)
