"""The features and the network: its shape and its training."""

# TensorFlow brings no types, and only this script needs it.
# mypy: disable-error-code="import-not-found,import-untyped"

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from ei_runner_core import dsp

from ..._training.conversion import make_deterministic
from .data import LABELS, RATE

__all__ = ["FEATURES", "MFCC", "VERSION", "inputs", "train"]

SEED = 0
EPOCHS = 40
BATCH = 64
VERSION = 4
COEFFICIENTS = 13
FRAMES = 49
FEATURES = FRAMES * COEFFICIENTS
MFCC = {
    "num_cepstral": COEFFICIENTS,
    "frame_length": 0.025,
    "frame_stride": 0.02,
    "num_filters": 32,
    "fft_length": 512,
    "win_size": 101,
    "low_frequency": 80,
    "high_frequency": 7600,
    "pre_cof": 0.98,
    "pre_shift": 1,
}
LAYERS = ((24, 5), (32, 3), (32, 3))  # filters, length in frames


def build_network() -> Any:
    """Convolutions over time, from the features of a second to one probability for each label."""
    layers = tf.keras.layers
    network = tf.keras.Sequential([tf.keras.Input((FEATURES,))])
    network.add(layers.Reshape((FRAMES, 1, COEFFICIENTS)))
    for filters, length in LAYERS:
        network.add(layers.Conv2D(filters, (length, 1), padding="same", use_bias=False))
        network.add(layers.BatchNormalization())
        network.add(layers.ReLU())
        network.add(layers.MaxPooling2D((2, 1)))
        network.add(layers.Dropout(0.15))
    network.add(layers.Flatten())
    network.add(layers.Dense(len(LABELS), activation="softmax"))
    return network


def inputs(windows: npt.NDArray[np.int16]) -> npt.NDArray[np.float32]:
    """What the MFCC block makes of the windows, shape (n, 637)."""
    block = dsp.create("mfcc", MFCC, version=VERSION, frequency=RATE, n_outputs=FEATURES)
    return np.stack([block.extract(window) for window in windows.astype(np.float32)])


def train(features: npt.NDArray[np.float32], labels: npt.NDArray[np.uint8]) -> Any:
    """The trained network."""
    make_deterministic(SEED)
    network = build_network()
    steps = EPOCHS * len(labels) // BATCH
    rate = tf.keras.optimizers.schedules.CosineDecay(3e-3, steps)
    network.compile(tf.keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
    network.fit(features, labels, batch_size=BATCH, epochs=EPOCHS, verbose=0)
    return network
