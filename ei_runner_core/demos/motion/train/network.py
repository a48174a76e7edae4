"""The network: its shape and its training."""

# TensorFlow brings no types, and only this script needs it.
# mypy: disable-error-code="import-not-found,import-untyped"

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from ..._training.conversion import make_deterministic
from .recordings import LABELS

__all__ = ["train"]

SEED = 0
EPOCHS = 80
BATCH = 32


def build_network(length: int) -> Any:
    """Three dense layers, from the features of a window to one probability for each label."""
    layers = tf.keras.layers
    return tf.keras.Sequential(
        [
            tf.keras.Input((length,)),
            layers.BatchNormalization(),
            layers.Dense(20, activation="relu"),
            layers.Dropout(0.2),
            layers.Dense(10, activation="relu"),
            layers.Dense(len(LABELS), activation="softmax"),
        ]
    )


def train(features: npt.NDArray[np.float32], labels: npt.NDArray[np.uint8]) -> Any:
    """The trained network."""
    make_deterministic(SEED)
    network = build_network(features.shape[1])
    rate = tf.keras.optimizers.schedules.CosineDecay(5e-3, EPOCHS * len(labels) // BATCH)
    network.compile(tf.keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
    network.fit(features, labels, batch_size=BATCH, epochs=EPOCHS, verbose=0)
    return network
