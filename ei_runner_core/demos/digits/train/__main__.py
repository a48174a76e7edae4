"""Train, write and score: ``python -m ei_runner_core.demos.digits.train``."""

from __future__ import annotations

import sys

from ..._training.bundles import write_bundle, write_table
from ..._training.variants import networks
from .data import load_split
from .network import calibration, train
from .products import FOLDER, impulse, write_samples
from .scores import TABLE_HEAD, score_rows


def main() -> None:
    """Make all files of the demo."""
    training, held_out = load_split()
    tensors, typical = ("image", "probabilities"), calibration(training)
    rows = list(TABLE_HEAD)
    for variant, files in networks(train(training), "digits", tensors, typical):
        write_bundle(FOLDER / variant, impulse(variant), files)
        rows += score_rows(variant, files, held_out)
    write_samples(held_out)
    sys.stdout.write(f"{write_table(FOLDER, rows)}\n")


if __name__ == "__main__":
    main()
