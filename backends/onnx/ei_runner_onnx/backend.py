"""The backend: what ei-runner makes and asks to open networks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ei_runner_core import Network, Support, TensorBackend

from .engine import open_engine
from .options import Options
from .runtime import load_runtime
from .session import OnnxSession

__all__ = ["OnnxBackend"]

_FORMAT = ".onnx"


class OnnxBackend(TensorBackend):
    """Runs ``.onnx`` networks with ONNX Runtime."""

    def __init__(self) -> None:
        load_runtime()

    def supports(self, network: Network) -> Support:
        """Whether the file is of the right format."""
        if network.format == _FORMAT:
            return Support(ok=True)
        return Support(ok=False, reason=f"it runs {_FORMAT} files, not {network.format}")

    def open(self, network: Network, options: Mapping[str, Any]) -> OnnxSession:
        """Load a network and make ready to run.

        Args:
            network: an ``.onnx`` file, on disk (with its external data beside it) or in memory.
            options: any of ``providers`` (a name, a ``{"name": ..., "options": {...}, "device":
                ..., "library": ...}``, or a list of those), ``allow_cpu`` (bool), ``num_threads``
                (int), ``optimization`` (``"none"``, ``"basic"``, ``"extended"``, ``"all"``),
                ``input_shapes`` (shapes by names of inputs), ``custom_ops`` (a list of paths) and
                ``session_options`` (ONNX Runtime's session configuration, text by name).

        Raises:
            ModelNotFoundError: the file cannot be read.
            ModelFormatError: it is damaged, or no ONNX model.
            UnsupportedModelError: it needs an operator or a type that is not available, or part of
                it would run on the CPU although another provider was asked for.
            InvalidInputError: an option is unknown, has a wrong value, does not suit the network,
                or names a provider that is not available here.
        """
        return OnnxSession(open_engine(network, Options.parse(options)))
