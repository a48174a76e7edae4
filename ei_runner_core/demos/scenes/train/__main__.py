"""Compose, train, write and score: ``python -m ei_runner_core.demos.scenes.train``."""

from __future__ import annotations

import sys

from ..._training.bundles import write_table
from ..._training.variants import score_rows, write_variants
from .data import compose
from .network import inputs, train
from .products import FOLDER, impulse, write_samples
from .scores import COLUMNS, score

TRAINING, HELD_OUT = 6000, 80
CALIBRATION = 300


def main() -> None:
    """Make all files of the demo."""
    training, held_out = compose(TRAINING, seed=1), compose(HELD_OUT, seed=3)
    network = train(training)
    typical = inputs(training.images[:CALIBRATION])
    write_variants(FOLDER, network, ("image", "cells"), typical, impulse)
    write_samples(held_out)
    rows = score_rows(FOLDER, COLUMNS, lambda model: score(model, held_out))
    sys.stdout.write(f"{write_table(FOLDER, rows)}\n")


if __name__ == "__main__":
    main()
