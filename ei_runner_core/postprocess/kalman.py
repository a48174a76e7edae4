"""Where boxes will be next: Kalman filters for points that move at a constant velocity.

Middle and size of a box are four numbers that are filtered alike and apart from each other. All
filters start with the same uncertainty and make one step a frame, so that how much a filter trusts
an observation depends on its age only: the gains are computed once, the rest is vectorised.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["BoxFilters"]

FloatArray = npt.NDArray[np.float64]

STEP = 0.1  # time from frame to frame
ACCELERATION = 0.1
NOISE = 0.1  # standard deviation of the acceleration, and of an observation
SETTLED = 320  # frames after which gains do not change any more


def _gains() -> FloatArray:
    """How much of an observation's surprise goes to (position, velocity), shape (2, age)."""
    move = np.array([[1, STEP], [0, 1]])
    drift = NOISE**2 * np.array([[STEP**4 / 4, STEP**3 / 2], [STEP**3 / 2, STEP**2]])
    covariance = np.eye(2)
    gains = np.empty((2, SETTLED))
    for age in range(SETTLED):
        covariance = move @ covariance @ move.T + drift
        gains[:, age] = covariance[0] / (covariance[0, 0] + NOISE**2)
        covariance -= np.outer(gains[:, age], covariance[0])
    return gains


class BoxFilters:
    """One filter for each of n boxes. A box is x, y, width, height; x and y are the top left."""

    def __init__(self) -> None:
        self._gains = _gains()
        self.clear()

    def clear(self) -> None:
        """Drop all filters."""
        self._state: FloatArray = np.empty((2, 0, 4))  # positions and velocities
        self._ages = np.empty(0, np.intp)

    def predict(self) -> FloatArray:
        """Move on by a frame; the boxes that are expected in it: whole numbers, shape (n, 4)."""
        position, velocity = self._state
        position += STEP * velocity
        position += STEP**2 / 2 * ACCELERATION
        velocity += STEP * ACCELERATION
        boxes: FloatArray = position.copy()
        boxes[:, :2] -= position[:, 2:] / 2
        np.maximum(boxes, 0, out=boxes)
        boxes += 0.5
        np.floor(boxes, boxes)
        return boxes

    def observe(self, boxes: FloatArray) -> None:
        """Correct all filters by the boxes that the frame showed, shape (n, 4)."""
        surprise = _centred(boxes)
        surprise -= self._state[0]
        # both of position and velocity at once
        self._state += self._gains[:, np.minimum(self._ages, SETTLED - 1), None] * surprise
        self._ages += 1

    def keep(self, chosen: npt.NDArray[np.bool_]) -> None:
        """Drop the filters of other boxes."""
        self._state, self._ages = self._state[:, chosen], self._ages[chosen]

    def add(self, boxes: FloatArray) -> None:
        """Begin filters for boxes that rest, shape (n, 4)."""
        centred = _centred(boxes)
        new = np.stack([centred, np.zeros_like(centred)])
        self._state = np.concatenate([self._state, new], axis=1)
        self._ages = np.concatenate([self._ages, np.zeros(len(boxes), np.intp)])


def _centred(boxes: FloatArray) -> FloatArray:
    centred: FloatArray = boxes.copy()
    centred[:, :2] += boxes[:, 2:] / 2
    return centred
