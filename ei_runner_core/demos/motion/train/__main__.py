"""Train, write and score: ``python -m ei_runner_core.demos.motion.train``."""

from __future__ import annotations

import sys

from ..._training.bundles import write_table
from ..._training.variants import score_rows, write_variants
from .clusters import fit_clusters
from .data import LENGTH, cut, odd_windows
from .features import features
from .network import train
from .products import FOLDER, ODD_STEP, impulse, write_samples
from .recordings import load
from .scores import COLUMNS, score

OVERLAPPING = 10


def main() -> None:
    """Make all files of the demo."""
    training, held_out = cut(load("TRAIN"), OVERLAPPING), cut(load("TEST"), LENGTH)
    odd = odd_windows(ODD_STEP, seed=3)
    inputs = features(training.values)
    clusters = fit_clusters(inputs)
    network = train(inputs, training.labels)
    write_variants(
        FOLDER,
        network,
        ("features", "probabilities"),
        inputs,
        lambda variant: impulse(variant, clusters, inputs.shape[1]),
    )
    write_samples(held_out, odd)
    rows = score_rows(FOLDER, COLUMNS, lambda model: score(model, held_out, odd))
    sys.stdout.write(f"{write_table(FOLDER, rows)}\n")


if __name__ == "__main__":
    main()
