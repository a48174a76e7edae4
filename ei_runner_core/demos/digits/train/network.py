"""The network: its shape, its training, and its two forms as ``.tflite``."""

# TensorFlow brings no types, and only this script needs it.
# mypy: disable-error-code="import-not-found,import-untyped"

from __future__ import annotations

from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from .data import DIGITS, SEED, SIZE, Digits, grayscale, shifted

__all__ = ["convert", "train"]

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
    tf.keras.utils.set_random_seed(SEED)
    tf.config.experimental.enable_op_determinism()
    more = shifted(digits)
    network = build_network()
    steps = EPOCHS * len(more.labels) // BATCH
    rate = tf.keras.optimizers.schedules.CosineDecay(2e-3, steps)
    network.compile(tf.keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
    network.fit(grayscale(more.images), more.labels, batch_size=BATCH, epochs=EPOCHS, verbose=0)
    return network


def convert(network: Any, calibration: Digits | None = None) -> bytes:
    """The network as a ``.tflite`` for one image at a time, in int8 if there is calibration."""
    signature = [tf.TensorSpec((1, SIZE, SIZE, 1), tf.float32, name="image")]
    with TemporaryDirectory() as folder:
        network.export(folder, verbose=False, input_signature=signature)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        if calibration is not None:
            quantize(converter, grayscale(calibration.images))
        return bytes(converter.convert())


def quantize(converter: Any, inputs: npt.NDArray[np.float32]) -> None:
    """Make all of the network int8, its input and output too.

    The calibration leaves some room above white, so that the scale of the input is not 1/255. With
    exactly that scale the C++ SDK takes a short cut in integers, which makes gray pixels one step
    darker; without it the input is the gray level over the scale, as anybody would compute it.
    """
    inputs = inputs * np.float32(HEADROOM)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([inputs[i : i + 1]] for i in range(len(inputs)))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
