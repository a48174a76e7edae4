"""Train, write and score: ``python -m ei_runner_core.demos.digits.train``."""

from __future__ import annotations

import sys

from .data import load_split
from .network import convert, train
from .onnx_form import to_onnx
from .products import write_bundle, write_samples
from .scores import score_rows, write_scores


def main() -> None:
    """Make all files of the demo."""
    training, held_out = load_split()
    network = train(training)
    rows: list[str] = []
    for variant, calibration in (("float32", None), ("int8", training)):
        tflite = convert(network, calibration)
        onnx = to_onnx(tflite)
        write_bundle(variant, {"network.tflite": tflite, "network.onnx": onnx})
        rows += score_rows(variant, tflite, onnx, held_out)
    write_samples(held_out)
    sys.stdout.write(f"{write_scores(rows)}\n")


if __name__ == "__main__":
    main()
