"""The backend: what ei-runner makes and asks to open networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ei_runner_core import Network, Support, TensorBackend
from ei_runner_core.authoring import EngineSession

from .compiling import compile_graph
from .options import Options
from .reading import read_graph
from .runtime import core, explained
from .specs import input_specs, output_specs

__all__ = ["OpenVinoBackend", "OpenVinoSession"]

_FORMATS = (".onnx", ".tflite", ".xml")


class OpenVinoSession(EngineSession):
    """A network in OpenVINO."""

    engine_name = "OpenVINO"

    def explain(self, error: Exception) -> str:
        """The reason that OpenVINO gives, without where in its sources."""
        return explained(error)


class OpenVinoBackend(TensorBackend):
    """Runs networks with OpenVINO."""

    def __init__(self) -> None:
        core()

    def supports(self, network: Network) -> Support:
        """Whether the file is of the right format."""
        return Support(network.format in _FORMATS, f"it runs {', '.join(_FORMATS)} files only")

    def open(self, network: Network, options: Mapping[str, Any]) -> OpenVinoSession:
        """Load a network and make ready to run.

        Args:
            network: the file to run.
            options: any of ``device`` (``"AUTO"``, ``"CPU"``, ``"GPU"``, ``"NPU"``), ``precision``
                (``"float32"``, ``"any"``), ``num_threads`` (int) and ``cache`` (bool).

        Raises:
            ModelNotFoundError: the file, or that with its weights, cannot be read.
            ModelFormatError: it is damaged.
            UnsupportedModelError: the device does not take it.
            InvalidInputError: an option is unknown or wrong, or the device is not here.
        """
        wanted = Options.parse(options)
        graph = read_graph(network)
        inputs, outputs = input_specs(graph), output_specs(graph)
        request = compile_graph(graph, network, wanted).create_infer_request()

        def call(arrays: Sequence[np.ndarray]) -> tuple[np.ndarray, ...]:
            return tuple(request.infer(list(arrays), share_inputs=True).values())

        return OpenVinoSession(request, call, inputs, outputs)
