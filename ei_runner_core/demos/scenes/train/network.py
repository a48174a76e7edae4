"""The network: its shape, its training, and what its int8 form is calibrated with."""

# TensorFlow brings no types, and only this script needs it.
# mypy: disable-error-code="import-not-found,import-untyped"

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from ..._training.conversion import make_deterministic
from .data import LABELS, SIZE, Scenes, grid_labels

__all__ = ["inputs", "train"]

SEED = 0
EPOCHS = 15
BATCH = 32
OBJECT_WEIGHT = 6.0
LAYERS = (  # filters, stride, kind
    (12, 2, "Conv2D"),
    (16, 2, "Conv2D"),
    (24, 1, "SeparableConv2D"),
    (32, 2, "Conv2D"),
    (32, 1, "SeparableConv2D"),
    (32, 1, "SeparableConv2D"),
)


def build_network() -> Any:
    """Fully convolutional, from an image to the probabilities of each cell of 8x8 pixels."""
    layers = tf.keras.layers
    network = tf.keras.Sequential([tf.keras.Input((SIZE, SIZE, 3))])
    for filters, stride, kind in LAYERS:
        network.add(getattr(layers, kind)(filters, 3, stride, padding="same", use_bias=False))
        network.add(layers.BatchNormalization())
        network.add(layers.ReLU())
    network.add(layers.Conv2D(1 + len(LABELS), 1, activation="softmax"))
    return network


def inputs(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """What the image block feeds to the network, from 0 to 1."""
    return np.asarray(images.astype(np.float32) / np.float32(255))


def train(scenes: Scenes) -> Any:
    """The trained network."""
    make_deterministic(SEED)
    network = build_network()
    steps = EPOCHS * len(scenes.images) // BATCH
    rate = tf.keras.optimizers.schedules.CosineDecay(3e-3, steps)
    network.compile(tf.keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
    targets = grid_labels(scenes)
    weights = np.where(targets > 0, OBJECT_WEIGHT, 1).astype(np.float32)
    network.fit(inputs(scenes.images), targets, BATCH, EPOCHS, sample_weight=weights, verbose=0)
    return network
