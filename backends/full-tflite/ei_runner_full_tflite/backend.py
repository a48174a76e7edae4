"""The backend: what ei-runner makes and asks to open networks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ei_runner_core import Network, Support, TensorBackend

from .engine import Engine
from .options import Options
from .runtime import load_runtime
from .session import FullTfliteSession

__all__ = ["FullTfliteBackend"]

_FORMAT = ".tflite"


class FullTfliteBackend(TensorBackend):
    """Runs ``.tflite`` networks with LiteRT, or with tflite-runtime where only that exists."""

    def __init__(self) -> None:
        load_runtime()

    def supports(self, network: Network) -> Support:
        """Whether the file is of the right format."""
        if network.format == _FORMAT:
            return Support(ok=True)
        return Support(ok=False, reason=f"it runs {_FORMAT} files, not {network.format}")

    def open(self, network: Network, options: Mapping[str, Any]) -> FullTfliteSession:
        """Load a network and make ready to run.

        Args:
            network: a ``.tflite`` file, on disk or in memory.
            options: any of ``num_threads`` (int), ``delegates`` (a list of paths, or of
                ``{"path": ..., "options": {...}}``), ``allow_cpu`` (bool), ``default_delegates``
                (``"auto"``, True or False), ``kernels`` (``"optimized"``, ``"reference"`` or
                ``"micro"``), ``signature`` (str) and ``input_shapes`` (shapes by names of inputs).

        Raises:
            ModelNotFoundError: the file cannot be read.
            ModelFormatError: it is damaged, or no TensorFlow Lite model.
            UnsupportedModelError: it needs an operator or a type that is not available.
            InvalidInputError: an option is unknown, has a wrong value or does not suit the network.
        """
        parsed = Options.parse(options)
        return FullTfliteSession(Engine(network.name, network.read(), parsed))
