"""The scenes: shapes of one colour on textured grounds, and where they are."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .shapes import SHAPES, SIZE, coverage, texture

__all__ = ["CELL", "GRID", "LABELS", "SIZE", "Scenes", "compose", "grid_labels"]

CELL = 8
GRID = SIZE // CELL
LABELS = tuple(SHAPES)
MAX_SHAPES = 5
REACH = 5.5  # how far, in x and in y, the middle of a cell may be from that of its object
GAP = 20  # between the middles of objects, in x or in y: a cell lies between theirs, none merge
TINT = 80  # between the two colours of a ground, at most, in red, green and blue
CONTRAST = 140  # between a shape and its ground, the sum over red, green and blue
LEVELS = 8  # a multiple of this is every colour, so that the pictures pack well


class Scenes(NamedTuple):
    """Pictures, uint8 of shape (n, 96, 96, 3), and the objects in them.

    ``objects`` is int16 of shape (m, 6): the index of the picture, the index of the label, and x,
    y, width and height of the box in pixels, picture by picture.
    """

    images: npt.NDArray[np.uint8]
    objects: npt.NDArray[np.int16]


def compose(count: int, seed: int) -> Scenes:
    """So many scenes; the same seed gives the same ones."""
    rng = np.random.default_rng(seed)
    scenes = [_scene(rng) for _ in range(count)]
    objects = [(i, *row) for i, (_, rows) in enumerate(scenes) for row in rows]
    return Scenes(np.stack([image for image, _ in scenes]), np.array(objects, np.int16))


def _scene(rng: np.random.Generator) -> tuple[npt.NDArray[np.uint8], list[tuple[int, ...]]]:
    ground = rng.uniform(0, 255, 3)
    grounds = np.stack([ground, ground + rng.uniform(-TINT, TINT, 3)]).clip(0, 255)
    mixed = texture(rng)[..., None]
    image = grounds[0] * mixed + grounds[1] * (1 - mixed)
    rows: list[tuple[int, ...]] = []
    for centre, radius in _places(rng):
        label = int(rng.integers(len(LABELS)))
        covered = coverage(LABELS[label], centre, radius, rng.uniform(-0.35, 0.35))
        colour = _colour(rng, grounds)
        image += covered[..., None] * (colour - image)
        rows.append((label, *_box(covered > 0.5)))
    levels = np.round(image / LEVELS) * LEVELS
    return np.asarray(np.clip(levels, 0, 255), np.uint8), rows


def _places(rng: np.random.Generator) -> list[tuple[tuple[float, float], float]]:
    """Middles and radii that leave room between them and to the borders."""
    places: list[tuple[tuple[float, float], float]] = []
    for _ in range(int(rng.integers(1, MAX_SHAPES + 1))):
        radius = rng.uniform(8.5, 13.5)
        x, y = rng.uniform(radius + 2, SIZE - radius - 2, 2)
        if all(
            max(abs(x - u), abs(y - v)) > GAP and np.hypot(x - u, y - v) > radius + other + 4
            for (u, v), other in places
        ):
            places.append(((float(x), float(y)), float(radius)))
    return places


def _colour(rng: np.random.Generator, grounds: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    while True:
        colour = rng.uniform(0, 255, 3)
        if abs(colour - grounds).sum(axis=1).min() > CONTRAST:
            return colour


def _box(inside: npt.NDArray[np.bool_]) -> tuple[int, int, int, int]:
    columns, rows = np.flatnonzero(inside.any(axis=0)), np.flatnonzero(inside.any(axis=1))
    x, y = int(columns[0]), int(rows[0])
    return x, y, int(columns[-1]) + 1 - x, int(rows[-1]) + 1 - y


def grid_labels(scenes: Scenes) -> npt.NDArray[np.int32]:
    """What the network learns: 0 for background, else 1 + label, around the middle of each box.

    Up to four cells share an object whose middle is near their border.

    Returns:
        int32, shape (n, 12, 12).
    """
    grid = np.zeros((len(scenes.images), GRID, GRID), np.int32)
    middles = (np.arange(GRID) + 0.5) * CELL
    for picture, label, x, y, width, height in scenes.objects.tolist():
        across = abs(middles - x - width / 2) < REACH
        down = abs(middles - y - height / 2) < REACH
        grid[picture][np.ix_(down, across)] = label + 1
    return grid
