"""The network: its shape, its training, and what its int8 form is calibrated with."""

# TensorFlow brings no types, and only this script needs it.
# mypy: disable-error-code="import-not-found,import-untyped"

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from ..._training.conversion import make_deterministic
from .data import DIGITS, SEED, SIZE, Digits, grayscale, shifted

__all__ = ["calibration", "train"]

HEADROOM = 1.05
EPOCHS = 20
BATCH = 32


def build_network() -> Any:
    """A small convolutional network from an image to ten probabilities."""
    layers = tf.keras.layers
    return tf.keras.Sequential(
        [
            tf.keras.Input((SIZE, SIZE, 1)),
            layers.Conv2D(16, 3, padding="same", activation="relu"),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Dropout(0.3),
            layers.Flatten(),
            layers.Dense(len(DIGITS), activation="softmax"),
        ]
    )


def train(digits: Digits) -> Any:
    """The trained network."""
    make_deterministic(SEED)
    more = shifted(digits)
    network = build_network()
    steps = EPOCHS * len(more.labels) // BATCH
    rate = tf.keras.optimizers.schedules.CosineDecay(2e-3, steps)
    network.compile(tf.keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
    network.fit(grayscale(more.images), more.labels, batch_size=BATCH, epochs=EPOCHS, verbose=0)
    return network


def calibration(digits: Digits) -> npt.NDArray[np.float32]:
    """What the ranges of the int8 tensors are made from.

    It leaves some room above white, so that the scale of the input is not 1/255. With
    exactly that scale the C++ SDK takes a short cut in integers, which makes gray pixels one step
    darker; without it the input is the gray level over the scale, as anybody would compute it.
    """
    return np.asarray(grayscale(digits.images) * np.float32(HEADROOM))
