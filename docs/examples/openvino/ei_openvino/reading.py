"""From a file to OpenVINO's graph of it."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import Any

from ei_runner_core import ModelFormatError, ModelNotFoundError, Network

from .runtime import ENGINE_ERRORS, core, explained

__all__ = ["read_graph"]


def read_graph(network: Network) -> Any:
    """The graph of a network.

    Raises:
        ModelNotFoundError: the file cannot be read, or one that belongs to it is missing.
        ModelFormatError: it is damaged, or something else.
    """
    content = network.read()
    _look_for_weights(network)
    try:
        return _read(network, content)
    except ENGINE_ERRORS as error:
        raise ModelFormatError(
            f"OpenVINO cannot read {network.name}: {explained(error)}; export the network again"
        ) from error


def _look_for_weights(network: Network) -> None:
    if network.format != ".xml":
        return
    if network.path is None:
        raise ModelNotFoundError(
            f"{network.name} is in a zip, where OpenVINO cannot find the .bin with its weights: "
            "unpack the model into a folder"
        )
    weights = network.path.with_suffix(".bin")
    if not weights.is_file():
        raise ModelNotFoundError(f"the weights of {network.name} are missing: expected {weights}")


def _read(network: Network, content: bytes) -> Any:
    if network.path is not None:
        return core().read_model(network.path)
    if network.format == ".onnx":
        return core().read_model(io.BytesIO(content))
    with tempfile.TemporaryDirectory(prefix="ei-openvino-") as folder:  # it takes .tflite by path
        path = Path(folder, f"network{network.format}")
        path.write_bytes(content)
        return core().read_model(path)
