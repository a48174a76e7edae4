"""The backend that runs the network of a model where nobody names one."""

from __future__ import annotations

from contextlib import suppress

from ei_runner_core import EdgeImpulseError, Network
from ei_runner_core.authoring import installed_tensor_backends
from ei_runner_core.locate import network_source
from ei_runner_core.selection import named_backend

__all__ = ["usual_backend"]

_BEST_OF_FORMAT = {".tflite": "full-tflite", ".onnx": "onnx"}


def usual_backend(network: Network) -> str:
    """The first installed backend that opens a network, in the order of ei-runner.

    Where none does, it is the name of the one that is worth installing: asking for it by that name
    tells how.

    Args:
        network: its format is enough.
    """
    source = network_source(network)
    for name in installed_tensor_backends(network.format):
        with suppress(EdgeImpulseError):  # the next one may do, as when a model is opened
            return named_backend(source, name).spec.name
    return _BEST_OF_FORMAT.get(network.format, "")
