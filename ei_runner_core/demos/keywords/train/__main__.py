"""Speak, train, write and score: ``python -m ei_runner_core.demos.keywords.train``."""

from __future__ import annotations

import sys

from ..._training.bundles import write_table
from ..._training.variants import score_rows, write_variants
from .data import LABELS, Windows, held_out_windows, training_windows
from .network import inputs, train
from .products import FOLDER, impulse, write_samples
from .scores import COLUMNS, score

TRAINING, HELD_OUT, SHIPPED = 1500, 100, 5  # windows for each label
CALIBRATION = 600


def main() -> None:
    """Make all files of the demo."""
    training = training_windows(TRAINING, seed=1)
    held_out = held_out_windows(HELD_OUT, seed=3)
    features = inputs(training.windows)
    network = train(features, training.labels)
    typical = features[:CALIBRATION]
    write_variants(FOLDER, network, ("features", "probabilities"), typical, impulse)
    shipped = SHIPPED * len(LABELS)
    write_samples(Windows(held_out.windows[:shipped], held_out.labels[:shipped]))
    rows = score_rows(FOLDER, COLUMNS, lambda model: score(model, held_out))
    sys.stdout.write(f"{write_table(FOLDER, rows)}\n")


if __name__ == "__main__":
    main()
