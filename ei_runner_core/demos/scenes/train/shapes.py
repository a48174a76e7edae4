"""What a scene is made of: shapes and textures, as arithmetic on the coordinates of the pixels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["SHAPES", "SIZE", "coverage", "texture"]

SIZE = 96
Plane = npt.NDArray[np.float64]
_Y, _X = np.mgrid[:SIZE, :SIZE] + 0.5


def _rotated(x: Plane, y: Plane, angle: float) -> tuple[Plane, Plane]:
    cosine, sine = np.cos(angle), np.sin(angle)
    return x * cosine + y * sine, y * cosine - x * sine


def _circle(x: Plane, y: Plane, radius: float) -> Plane:
    return np.hypot(x, y) - radius


def _square(x: Plane, y: Plane, radius: float) -> Plane:
    return np.maximum(abs(x), abs(y)) - 0.88 * radius


def _triangle(x: Plane, y: Plane, radius: float) -> Plane:
    return np.asarray(np.maximum(y, abs(x) * np.sqrt(0.75) - y / 2) - 0.62 * radius)


SHAPES: dict[str, Callable[[Plane, Plane, float], Plane]] = {
    "circle": _circle,
    "square": _square,
    "triangle": _triangle,
}
"""The distance of each pixel to the edge of a shape, negative inside, by the shape's name."""


def coverage(shape: str, centre: tuple[float, float], radius: float, angle: float) -> Plane:
    """How much of each pixel a shape covers, from 0 to 1, shape (SIZE, SIZE)."""
    x, y = _rotated(_X - centre[0], _Y - centre[1], angle)
    covered: Plane = np.clip(0.5 - SHAPES[shape](x, y, radius), 0, 1)
    return covered


def texture(rng: np.random.Generator) -> Plane:
    """A pattern that fills the scene, from 0 to 1, shape (SIZE, SIZE)."""
    x, y = _rotated(_X - SIZE / 2, _Y - SIZE / 2, rng.uniform(0, np.pi))
    pattern = (_gradient, _stripes, _checks, _clouds)[rng.integers(4)]
    return pattern(x, y, rng)


def _gradient(x: Plane, y: Plane, rng: np.random.Generator) -> Plane:
    bend = rng.uniform(-1, 1) * (y / SIZE) ** 2
    return np.asarray(np.clip(x / SIZE + 0.5 + bend, 0, 1))


def _stripes(x: Plane, y: Plane, rng: np.random.Generator) -> Plane:
    bend = rng.uniform(0, 4) * np.sin(y / 12)
    return np.asarray(np.sin((x + bend) * 2 * np.pi / rng.uniform(8, 30)) > 0, float)


def _checks(x: Plane, y: Plane, rng: np.random.Generator) -> Plane:
    step = 2 * np.pi / rng.uniform(8, 16)
    return np.asarray(np.sin(x * step) * np.sin(y * step) > 0, float)


def _clouds(x: Plane, y: Plane, rng: np.random.Generator) -> Plane:
    waves: Any = sum(
        np.cos(x * rng.uniform(-0.12, 0.12) + y * rng.uniform(-0.12, 0.12) + rng.uniform(0, 7))
        for _ in range(5)
    )
    return np.asarray(np.round(np.clip(waves / 5 + 0.5, 0, 1) * 4) / 4)
