"""The windows: five seconds each, of the four motions and of odd ones that nobody does."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .recordings import AXES, RATE, Recordings

__all__ = ["LENGTH", "cut", "odd_windows"]

LENGTH = 50
Windows = npt.NDArray[np.float32]


def cut(recordings: Recordings, step: int) -> Recordings:
    """Windows of 50 time steps that start ``step`` apart, recording by recording."""
    starts = range(0, recordings.values.shape[1] - LENGTH + 1, step)
    pieces = [recordings.values[:, start : start + LENGTH] for start in starts]
    windows = np.stack(pieces, axis=1).reshape(-1, LENGTH, len(AXES))
    return Recordings(windows, np.repeat(recordings.labels, len(starts)))


def odd_windows(each: int, seed: int) -> Windows:
    """So many windows of each odd motion: shaken by a machine, spun, knocked; shape (n, 50, 6)."""
    rng = np.random.default_rng(seed)
    windows = [make(rng) for make in (_shaken, _spun, _knocked) for _ in range(each)]
    noise = rng.normal(0, 0.1, (len(windows), LENGTH, len(AXES)))
    return np.round(windows + noise, 4).astype(np.float32)


def _shaken(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """A sawtooth on the accelerometer, as a machine that the watch lies on would make it."""
    phase = np.arange(LENGTH)[:, None] / RATE * rng.uniform(2.5, 4) + rng.uniform(0, 1, 3)
    window = np.zeros((LENGTH, len(AXES)))
    window[:, :3] = (phase % 1 - 0.5) * rng.uniform(60, 90)
    return window


def _spun(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Turned to and fro about all axes, hardly moved."""
    phase = np.arange(LENGTH)[:, None] / RATE * rng.uniform(1, 3) + rng.uniform(0, 1, 3)
    window = np.zeros((LENGTH, len(AXES)))
    window[:, 3:] = np.sin(2 * np.pi * phase) * rng.uniform(10, 16)
    return window


def _knocked(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Hard blows along one axis, stillness between them."""
    window = np.zeros((LENGTH, len(AXES)))
    blows = rng.choice(LENGTH, 8, replace=False)
    window[blows, 2] = rng.uniform(40, 60, 8) * rng.choice([-1, 1], 8)
    return window
