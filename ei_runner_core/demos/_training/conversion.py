"""A Keras network as ``.tflite``, in float32 or int8."""

# TensorFlow brings no types, and only the scripts that train need it.
# mypy: disable-error-code="import-not-found,import-untyped"

from __future__ import annotations

from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

__all__ = ["make_deterministic", "to_tflite"]


def make_deterministic(seed: int) -> None:
    """Let every training that follows give the same numbers again."""
    tf.keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()


def to_tflite(
    network: Any, input_name: str, calibration: npt.NDArray[np.float32] | None = None
) -> bytes:
    """The network for one input at a time, in int8 (input and output too) if there is calibration.

    Args:
        network: a Keras model with one input.
        input_name: what the input is called in the ``.tflite``.
        calibration: typical inputs, shape (n, ...), which set the ranges of the int8 tensors.
    """
    signature = [tf.TensorSpec((1, *network.input_shape[1:]), tf.float32, name=input_name)]
    with TemporaryDirectory() as folder:
        network.export(folder, verbose=False, input_signature=signature)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        if calibration is not None:
            _quantize(converter, calibration)
        return bytes(converter.convert())


def _quantize(converter: Any, inputs: npt.NDArray[np.float32]) -> None:
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([inputs[i : i + 1]] for i in range(len(inputs)))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
