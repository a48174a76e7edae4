"""How many of the held-out shapes a model finds, and how much else."""

from __future__ import annotations

from ei_runner_core import EdgeImpulseModel
from ei_runner_core.demos.objects import compare_objects

from .data import CELL, Scenes
from .products import objects_of

__all__ = ["COLUMNS", "score"]

COLUMNS = ("found", "missed", "extra", "precision", "recall")


def score(model: EdgeImpulseModel, held_out: Scenes) -> list[str]:
    """The columns of the table of scores for one file."""
    found = missed = extra = 0
    for index, image in enumerate(held_out.images):
        boxes = model.infer_image(image).bounding_boxes or ()
        comparison = compare_objects(objects_of(held_out, index), boxes, CELL)
        found += len(comparison.hits)
        missed += len(comparison.missed)
        extra += len(comparison.extra)
    precision, recall = found / (found + extra), found / (found + missed)
    return [*map(str, (found, missed, extra)), f"{precision:.4f}", f"{recall:.4f}"]
