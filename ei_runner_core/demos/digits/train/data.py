"""The images: what is trained on, and what is held out."""

# scikit-learn brings no types, and only this script needs it.
# mypy: disable-error-code="import-not-found,import-untyped"

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn import datasets, model_selection

__all__ = ["DIGITS", "SEED", "SIZE", "Digits", "grayscale", "load_split", "shifted"]

SEED = 0
HELD_OUT = 450
SIZE = 8
DIGITS = range(10)


class Digits(NamedTuple):
    """Images, uint8 of shape (n, 8, 8) and 0 to 255, and their digits, uint8 of shape (n,)."""

    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.uint8]


def load_split() -> tuple[Digits, Digits]:
    """The images to train on and the held-out ones, each digit in equal parts in both."""
    data = datasets.load_digits()
    images = np.round(data.images * 255 / 16).astype(np.uint8)
    labels = data.target.astype(np.uint8)
    kept, held, kept_labels, held_labels = model_selection.train_test_split(
        images, labels, test_size=HELD_OUT, random_state=SEED, stratify=labels
    )
    return Digits(kept, kept_labels), Digits(held, held_labels)


def shifted(digits: Digits) -> Digits:
    """The images as they are, and each one moved by a pixel in the four directions."""
    padded = np.pad(digits.images, ((0, 0), (1, 1), (1, 1)))
    corners = ((1, 1), (1, 0), (1, 2), (0, 1), (2, 1))
    moved = [padded[:, y : y + SIZE, x : x + SIZE] for y, x in corners]
    return Digits(np.concatenate(moved), np.tile(digits.labels, len(corners)))


def grayscale(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """What the image block feeds to a float network for gray pixels, shape (n, 8, 8, 1), 0 to 1."""
    value = images[..., np.newaxis].astype(np.float32) / np.float32(255)
    weights = np.array([0.299, 0.587, 0.114], np.float32)
    red, green, blue = (weight * value for weight in weights)
    gray: npt.NDArray[np.float32] = red + green + blue
    return gray
